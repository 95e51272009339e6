/** The command migrate: the schema up, one step down, or how far it is. */
import type { Config } from '../config.ts';
import { StartError } from '../start-error.ts';
import type { Database } from '../store/database.ts';
import { migrate, migrateDown, migrationStatus } from '../store/migrate.ts';
import { openStore } from '../store/open-store.ts';

/** What each direction does, and the lines that it prints. */
const DIRECTIONS = new Map<string, (database: Database) => Promise<string[]>>([
  ['up', async (database) => (await migrate(database)).map((name) => `applied ${name}`)],
  ['down', async (database) => (await migrateDown(database)).map((name) => `took back ${name}`)],
  [
    'status',
    async (database) =>
      (await migrationStatus(database)).map(
        ({ name, applied }) => `${applied ? 'applied' : 'pending'} ${name}`,
      ),
  ],
]);

/** Prints a line for each migration that it touched or looked at. Throws StartError for any other direction. */
export async function runMigrate(config: Config, direction = 'up'): Promise<void> {
  const step = DIRECTIONS.get(direction);
  if (!step) {
    throw new StartError(`migrate takes ${[...DIRECTIONS.keys()].join(', ')}, not "${direction}"`);
  }
  const store = await openStore(config, () => undefined);
  try {
    const lines = await step(store.database);
    console.log(lines.join('\n') || 'nothing to do');
  } finally {
    await store.close();
  }
}
