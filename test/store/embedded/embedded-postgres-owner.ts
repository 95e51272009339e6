/** A process that runs the embedded PostgreSQL until it is stopped, for tests that share or kill it. */
import { sql } from 'kysely';
import { openDatabase } from '../../../src/store/database.ts';
import { startEmbeddedPostgres } from '../../../src/store/embedded/embedded-postgres.ts';
import { readRows } from '../schema-dump.ts';

const [, , dataDir = ''] = process.argv;
const tell = (message: unknown) => process.send?.(message);

try {
  const postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  tell('started');
  process.on('message', async () => {
    const database = openDatabase(postgres.url, { connections: 1, connectionWaitMs: 5_000 });
    tell(await readRows(database, sql`select 1 as one`));
    await database.close();
  });
  process.once('SIGTERM', async () => {
    await postgres.stop();
    process.disconnect();
  });
} catch (error) {
  tell(error instanceof Error ? error.message : error);
  process.disconnect();
}
