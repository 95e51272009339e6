/** Where commits wait for a standby, nothing is acknowledged that only the primary has. */
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { ask } from '../faults/ask-database.ts';
import { createAutomationClient } from '../support/automation.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { createAthlete } from '../support/fixtures.ts';
import { type ReplicatedPostgres, startReplicatedPostgres } from '../support/replicated-postgres.ts';
import { linear } from '../support/rule-fixtures.ts';

const CONNECTIONS = 2;

let servers: ReplicatedPostgres;
let url: string;
let database: Database;
beforeAll(async () => {
  servers = await startReplicatedPostgres();
  url = `postgres://postgres@127.0.0.1:${servers.port}/postgres`;
  database = openDatabase(url, { connections: CONNECTIONS, connectionWaitMs: 10_000 });
  await migrate(database);
});
afterAll(async () => {
  await database?.close();
  await servers?.stop();
});

test('a call whose commit was not awaited to the end is refused, also when it is repeated, until the standby has it', async () => {
  const athlete = await createAthlete(database, { lifts: { squat: '100' }, rules: [linear()] });
  const { accountId, userId } = athlete;
  const client = createAutomationClient(database, { accountId, clock: systemClock });
  const session = {
    ...{ sessionId: uuidv7(), daySlug: 'a', weekNumber: 1 },
    liftsPerformed: Object.values(athlete.liftIds),
  };
  const events = [{ id: uuidv7(), type: 'payment_received', userId, data: { amount: '10' } }];
  const keys = [uuidv7(), uuidv7(), uuidv7()];
  const [creation, completion, publication] = keys.map((key) => ({ headers: { 'idempotency-key': key } }));
  const calls = [
    () => client.users.createUser({ name: 'Anna' }, creation),
    () => client.progression.handleSessionComplete({ userId, session }, completion),
    () => client.events.publishEvents({ events }, publication),
  ];
  await client.users.listUsers({});
  await awaitStandbys();
  await servers.endStandby();

  for (let tries = 0; tries <= CONNECTIONS; tries += 1) {
    for (const call of calls) {
      let isOver = false;
      const refusal = expectRefusal(call(), 'DATABASE_UNAVAILABLE').finally(() => {
        isOver = true;
      });
      refusal.catch(() => {});
      while (!isOver) {
        await cancelCommits();
      }
      await refusal;
    }
  }

  await servers.startStandby();
  await Promise.all(calls.map((call) => call()));
  const { logs } = await client.progression.listProgressionLogs({ userId });
  expect(logs).toHaveLength(1);
});

/** Commits wait for a standby from now on. */
async function awaitStandbys(): Promise<void> {
  await ask(url, `alter system set synchronous_standby_names = '*'`);
  await ask(url, 'select pg_reload_conf()');
}

/** Cancels the waits of commits for the standby. */
async function cancelCommits(): Promise<void> {
  await ask(url, `select count(pg_cancel_backend(pid)) from pg_stat_activity where wait_event = 'SyncRep'`);
}
