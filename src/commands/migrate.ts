/**
 * The command migrate: applies migrations, reverts the last one, lists their status, or checks that none is
 * pending.
 */
import type { Config } from '../config/config.ts';
import { StartError } from '../errors/start-error.ts';
import type { Database } from '../store/database.ts';
import { type MigrationStatus, migrate, migrateDown, migrationStatus } from '../store/migrate.ts';
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
  ['check', async (database) => requireAllApplied(await migrationStatus(database))],
]);

function requireAllApplied(status: readonly MigrationStatus[]): string[] {
  const pending = status.filter(({ applied }) => !applied).map(({ name }) => name);
  if (pending.length > 0) {
    throw new StartError(`the schema lacks ${pending.join(', ')}; run migrate up`);
  }
  return ['every migration is applied'];
}

/**
 * Connects as the owner of the schema. Prints one line for each migration that it applied, reverted or
 * listed. Throws StartError for an unknown direction, and from `check` when migrations are pending or unknown
 * to this version.
 */
export async function runMigrate(config: Config, direction = 'up'): Promise<void> {
  const step = DIRECTIONS.get(direction);
  if (!step) {
    throw new StartError(`migrate takes ${[...DIRECTIONS.keys()].join(', ')}, not "${direction}"`);
  }
  const store = await openStore(config, () => undefined);
  try {
    const lines = await store.asOwner(step);
    console.log(lines.join('\n') || 'nothing to do');
  } finally {
    await store.close();
  }
}
