/** Nothing that a server has cached survives a failover that lost the changes behind it. */
import { Code, ConnectError } from '@connectrpc/connect';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEvaluator } from '../../src/automation/evaluation/evaluator.ts';
import { ErrorInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import { MaxType, TriggerType } from '../../src/gen/progression/v1/common_pb.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import {
  createAutomatedAccount,
  evaluateAll,
  evaluatorDeps,
} from '../automation/evaluation/automated-account.ts';
import { type EventWatcher, watch } from '../events/event-watcher.ts';
import { startTcpProxy, type TcpProxy } from '../faults/tcp-proxy.ts';
import { addTag, createActiveWorkflow, createAutomationClient } from '../support/automation.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { present } from '../support/catalog-fixtures.ts';
import { readLog } from '../support/event-source.ts';
import { createAthlete } from '../support/fixtures.ts';
import { type ReplicatedPostgres, startReplicatedPostgres } from '../support/replicated-postgres.ts';
import { linear } from '../support/rule-fixtures.ts';
import { readRows } from './schema-dump.ts';

let servers: ReplicatedPostgres;
let proxy: TcpProxy;
let database: Database;
beforeAll(async () => {
  servers = await startReplicatedPostgres();
  proxy = await startTcpProxy();
  proxy.setTarget({ host: '127.0.0.1', port: servers.port });
  database = openDatabase(`postgres://postgres@127.0.0.1:${proxy.port}/postgres`, {
    connections: 5,
    connectionWaitMs: 10_000,
  });
  await migrate(database);
});
afterAll(async () => {
  await database?.close();
  await proxy?.close();
  await servers?.stop();
});

/** Until a connection works that the failover has not closed. */
async function withRetries<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const { code } = ConnectError.from(error);
      if (code !== Code.Unavailable && code !== Code.Aborted) {
        throw error;
      }
    }
  }
}

const incrementOf = (value: string) => ({
  rule: {
    case: 'linearProgression' as const,
    value: {
      maxType: MaxType.TRAINING_MAX,
      triggerType: TriggerType.AFTER_SESSION,
      increment: { kind: { case: 'amount' as const, value } },
    },
  },
});

const findReason = (error: ConnectError | undefined) => error?.findDetails(ErrorInfoSchema)[0]?.reason;

test('after a failover that lost changes, rules, triggers, accounts, etags and the log are those of the new primary', async () => {
  const account = await createAutomatedAccount(database);
  const { accountId } = account;
  const athlete = await createAthlete(database, { accountId, lifts: { squat: '100' }, rules: [linear()] });
  const session = { daySlug: 'a', weekNumber: 1, liftsPerformed: Object.values(athlete.liftIds) };
  const [progressionId = ''] = athlete.progressionIds;
  const client = createAutomationClient(database, { accountId, clock: systemClock });
  const evaluator = createEvaluator(evaluatorDeps(database, { clock: systemClock }));
  const completeSession = async () => {
    const { outcome } = await client.progression.handleSessionComplete({
      ...{ userId: athlete.userId, session: { ...session, sessionId: uuidv7() } },
    });
    await evaluateAll(account, evaluator);
    return outcome?.results[0]?.delta;
  };
  const addWorkflow = (tag: string) =>
    createActiveWorkflow(client, { trigger: { triggerEvent: 'session_completed' }, actions: [addTag(tag)] });
  const setIncrement = (value: string) =>
    client.programs.updateProgression({ progressionId, parameters: incrementOf(value) });
  const kept = await addWorkflow('kept');
  expect(await completeSession()).toBe('2.5');
  const watcher = await watch(client.events, { fromBeginning: true });
  const isAt = async ({ events }: EventWatcher) =>
    expect.poll(() => events.at(-1)?.id).toBe((await readLog(database, accountId)).at(-1)?.id);
  await isAt(watcher);
  const keptToken = `${watcher.tokens.at(-1)}`;
  await servers.catchUp();

  await servers.stopReplication();
  await setIncrement('50');
  const lost = await addWorkflow('lost');
  const renamed = await client.workflows.updateWorkflow({
    ...{ workflowId: kept.id, etag: kept.etag, name: 'Renamed, and lost' },
  });
  expect(await completeSession()).toBe('50');
  await isAt(watcher);
  const lostToken = `${watcher.tokens.at(-1)}`;
  const stranger = createAutomationClient(database, { clock: systemClock });
  await stranger.users.createUser({ name: 'Lost' });
  await servers.failOver();
  proxy.setTarget({ host: '127.0.0.1', port: servers.port });
  proxy.cut();

  await withRetries(() => setIncrement('5'));
  const made = await addWorkflow('made');
  const again = await client.workflows.updateWorkflow({
    ...{ workflowId: kept.id, etag: kept.etag, name: 'Renamed again' },
  });
  expect(await completeSession()).toBe('5');
  const runs = await readRows<{ id: string }>(
    database,
    sql`select workflow_id as id from workflow_enrollments where account_id = ${accountId} order by enrolled_at`,
  );
  expect(runs.map(({ id }) => id).toSorted()).toEqual([kept.id, made.id].toSorted());
  expect(runs.map(({ id }) => id)).not.toContain(lost.id);

  expect(findReason(await watcher.ended)).toMatch(/EPOCH_CHANGED|DATABASE_UNAVAILABLE/);
  const cut = await watch(client.events, { resumeToken: lostToken });
  expect(findReason(await cut.ended)).toBe('EPOCH_CHANGED');
  const all = await watch(client.events, { fromBeginning: true });
  await isAt(all);
  const resumed = await watch(client.events, { resumeToken: keptToken });
  await isAt(resumed);
  const before = all.tokens.indexOf(keptToken);
  expect(resumed.events.map(({ id }) => id)).toEqual(all.events.slice(before).map(({ id }) => id));
  await Promise.all([all.leave(), resumed.leave()]);

  const lostEtag = present(renamed.workflow).etag;
  expect(present(again.workflow).version).toBe(present(renamed.workflow).version);
  const overwrite = client.workflows.updateWorkflow({ workflowId: kept.id, etag: lostEtag, name: 'Over it' });
  await expectRefusal(overwrite, 'ETAG_MISMATCH');

  await expectRefusal(stranger.users.createUser({ name: 'Anew' }), 'CONCURRENT_UPDATE');
  expect((await stranger.users.createUser({ name: 'Anew' })).user?.name).toBe('Anew');
});

test('statements that were prepared before a change of the schema are prepared again', async () => {
  const accountId = uuidv7();
  const read = () =>
    database.transaction(accountId, (tx) =>
      sql`select * from field_definitions where account_id = ${accountId}`.execute(tx.sql),
    );
  await Promise.all(Array.from({ length: 5 }, read));
  await database.orm.em.getConnection().execute('alter table field_definitions add column note text');

  await expect(read()).rejects.toMatchObject({ reason: 'CONCURRENT_UPDATE' });

  await Promise.all(Array.from({ length: 5 }, read));
});
