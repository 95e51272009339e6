/** The command seed: fills the demo account. It is idempotent. */

import type { Config } from '../config/config.ts';
import { migrate } from '../store/migrate.ts';
import { openStore } from '../store/open-store.ts';
import { requireConfinement } from '../store/server-requirements.ts';
import { systemClock } from '../values/system-clock.ts';
import { seedDemoHistory } from './demo-history/seed-demo-history.ts';
import { seed } from './seed-demo-account.ts';

/** Applies pending migrations first. */
export async function runSeed(config: Config): Promise<void> {
  const store = await openStore(config, () => undefined);
  try {
    await store.asOwner(migrate);
    await requireConfinement(store.database);
    await seed(store.database, systemClock);
    await seedDemoHistory(store.database, config);
  } finally {
    await store.close();
  }
}
