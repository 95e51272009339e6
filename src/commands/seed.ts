/** The command seed: the canonical catalogue and the demo account, as often as one likes. */

import type { Config } from '../config/config.ts';
import { migrate } from '../store/migrate.ts';
import { openStore } from '../store/open-store.ts';
import { systemClock } from '../values/system-clock.ts';
import { seed } from './seed-demo-account.ts';

/** Brings the schema up first. */
export async function runSeed(config: Config): Promise<void> {
  const store = await openStore(config, () => undefined);
  try {
    await store.asOwner(migrate);
    await seed(store.database, systemClock);
  } finally {
    await store.close();
  }
}
