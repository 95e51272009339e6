/** The servers that every foreign client tests: the service on a real socket, and one that has lost its database. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { startService } from '../../src/commands/start-service.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/server/logger.ts';
import type { RunningServer } from '../../src/server/server.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { lockUser } from '../../src/store/lock-user.ts';
import { createAthlete, createTeammate } from '../support/fixtures.ts';
import { createTestDatabase } from '../support/test-database.ts';

/** The cases of the suite; each client answers all of them. */
export const CASES = [
  'call',
  'replay',
  'conflict',
  'deadline',
  'not found',
  'invalid argument',
  'retry info',
  'service config',
  'health',
  'reflection',
] as const;
export type Case = (typeof CASES)[number];

/** The parameters of a client, as plain values: a Python client gets them as JSON. */
export interface Parts {
  /** `host:port`. */
  readonly address: string;
  /** Of a service whose every call fails with DATABASE_UNAVAILABLE. */
  readonly unavailableAddress: string;
  readonly accountId: string;
  /** Squats 100, and gets 2.5 for each session. */
  readonly userId: string;
  /** Another transaction holds this athlete's lock. */
  readonly heldUserId: string;
  readonly liftId: string;
  /** For the one call of the case `service config`. */
  readonly retriedRequestId: string;
}

export interface Stage {
  readonly url: string;
  /** The parts, with a request ID of the client's own. */
  parts(): Parts;
  /** The number of calls with a request ID that reached the service that has lost its database. */
  attemptsOf(requestId: string): number;
  /** Releases the held athlete, and returns the number of the athlete's rows in a table. */
  releaseAndCount(table: 'requests' | 'progression_logs'): Promise<number>;
  close(): Promise<void>;
}

/** No process listens on this port, so that a connection is refused at once. */
const NO_DATABASE = 'postgres://127.0.0.1:1/none';

export async function setStage(): Promise<Stage> {
  const db = await createTestDatabase();
  const athlete = await createAthlete(db.database, {
    lifts: { squat: '100' },
    rules: [
      {
        type: 'LINEAR_PROGRESSION',
        parameters: { maxType: 'TRAINING_MAX', triggerType: 'AFTER_SESSION', increment: '2.5' },
      },
    ],
  });
  const held = await createTeammate(db.database, athlete, { squat: '100' });
  const release = await holdAthlete(db.open(), athlete.accountId, held.userId);
  const lost = openDatabase(NO_DATABASE, { connections: 2, connectionWaitMs: 1_000 });
  const logged: { requestId?: string }[] = [];
  const server = await serve(db.database, () => undefined);
  const unavailable = await serve(lost, (line) => logged.push(JSON.parse(line)));
  return {
    url: server.url,
    parts: () => ({
      address: addressOf(server),
      unavailableAddress: addressOf(unavailable),
      accountId: athlete.accountId,
      userId: athlete.userId,
      heldUserId: held.userId,
      liftId: `${athlete.liftIds.squat}`,
      retriedRequestId: uuidv7(),
    }),
    attemptsOf: (requestId) => logged.filter((line) => line.requestId === requestId).length,
    async releaseAndCount(table) {
      await release();
      return db.database.transaction(athlete.accountId, async (tx) => {
        await lockUser(tx, held.userId);
        const { rows } = await sql`select from ${sql.table(table)} where user_id = ${held.userId}`.execute(
          tx.sql,
        );
        return rows.length;
      });
    },
    async close() {
      await release();
      await Promise.all([server.close(), unavailable.close()]);
      await Promise.all([lost.close(), db.close()]);
    },
  };
}

function serve(database: Database, write: (line: string) => void): Promise<RunningServer> {
  const config = readConfig({ HOST: '127.0.0.1', PORT: '0' });
  return startService(config, database, createLogger('info', { write }));
}

function addressOf({ host, port }: RunningServer): string {
  return `${host}:${port}`;
}

/** Locks an athlete in another transaction, until the returned function is called. */
async function holdAthlete(database: Database, accountId: string, userId: string) {
  const held = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const ended = database.transaction(accountId, async (tx) => {
    await lockUser(tx, userId);
    held.resolve();
    await released.promise;
  });
  await Promise.race([held.promise, ended]);
  return async () => {
    released.resolve();
    await ended;
  };
}
