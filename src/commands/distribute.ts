/** The command distribute: puts the tables of a migrated database on the nodes of its Citus cluster. */
import type { Config } from '../config/config.ts';
import { StartError } from '../errors/start-error.ts';
import { distribute } from '../store/cluster.ts';
import { isMigrated } from '../store/migrate.ts';
import { openStore } from '../store/open-store.ts';

/** Connects as the owner of the schema, and may be repeated. Prints one line for each table. Throws StartError. */
export async function runDistribute(config: Config): Promise<void> {
  const store = await openStore(config, () => undefined);
  try {
    const tables = await store.asOwner(async (owner) => {
      if (!(await isMigrated(owner))) {
        throw new StartError('the schema is not the one of this version; run migrate up first');
      }
      return distribute(owner);
    });
    console.log(tables.map((name) => `distributed ${name}`).join('\n') || 'nothing to do');
  } finally {
    await store.close();
  }
}
