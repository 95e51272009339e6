/** The command seed: the canonical catalogue and the demo account, as often as one likes. */
import { seed } from '../catalog/seed.ts';
import type { Config } from '../config.ts';
import { systemClock } from '../instant.ts';
import { migrate } from '../store/migrate.ts';
import { openStore } from '../store/open-store.ts';

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
