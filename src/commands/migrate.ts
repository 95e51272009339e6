/**
 * The command migrate: applies migrations and brings restored events into the log again, reverts the last migration, lists
 * their status, or checks that nothing is left to do.
 */
import type { Config } from '../config/config.ts';
import { StartError } from '../errors/start-error.ts';
import type { Database } from '../store/database.ts';
import { type MigrationStatus, migrate, migrateDown, migrationStatus } from '../store/migrate.ts';
import { openStore } from '../store/open-store.ts';
import { bringBelowPresent, findAccountsAhead, requireNothingAhead } from '../store/transactions-ahead.ts';

type Direction = (owner: Database, login: Database) => Promise<string[]>;

/** What each direction does, and the lines that it prints; `login` is the connection of the service itself. */
const DIRECTIONS = new Map<string, Direction>([
  ['up', migrateUp],
  ['down', async (owner) => (await migrateDown(owner)).map((name) => `took back ${name}`)],
  [
    'status',
    async (owner) =>
      (await migrationStatus(owner)).map(({ name, applied }) => `${applied ? 'applied' : 'pending'} ${name}`),
  ],
  ['check', checkAll],
]);

async function migrateUp(owner: Database, login: Database): Promise<string[]> {
  const applied = await migrate(owner);
  const events = await bringBelowPresent(owner, await findAccountsAhead(login));
  return [
    ...applied.map((name) => `applied ${name}`),
    ...(events > 0 ? [`brought ${events} restored events into the log again`] : []),
  ];
}

async function checkAll(owner: Database, login: Database): Promise<string[]> {
  const lines = requireAllApplied(await migrationStatus(owner));
  await requireNothingAhead(login);
  return lines;
}

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
    const lines = await store.asOwner((owner) => step(owner, store.database));
    console.log(lines.join('\n') || 'nothing to do');
  } finally {
    await store.close();
  }
}
