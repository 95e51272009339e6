/** Retention: what an account does not keep goes, what is still needed stays, and nothing happens twice. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { PublishOutcome } from '../../src/gen/automation/v1/event_service_pb.ts';
import { ErrorInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { createRetentionWorker } from '../../src/retention/retention-worker.ts';
import { type Instant, instantToTimestamp } from '../../src/values/instant.ts';
import { allOf, clockAt, DAY, HOUR, NOON } from '../automation/evaluation/automated-account.ts';
import { watch } from '../events/event-watcher.ts';
import { createAutomationClient } from '../support/automation.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { present } from '../support/catalog-fixtures.ts';
import { expectRefusedUnchanged } from '../support/expect-unchanged.ts';
import { dumpTables, rowsAdded } from '../support/table-dump.ts';
import { useTestDatabasePerTest } from '../support/test-database.ts';
import { createRetainedAccount, LATER, type RetainedAccount, removeOld } from './retained-account.ts';

const MULTIPLE = { policy: 'ENROLLMENT_POLICY_MULTIPLE' };
const ENDED = sql`update workflow_enrollments set state = 'COMPLETED', due_at = null, ended_at = enrolled_at`;

const db = useTestDatabasePerTest();
let account: RetainedAccount;
let userId: string;
beforeEach(async () => {
  account = await createRetainedAccount(db.database);
  userId = await account.addAthlete();
});

/** Old events, and one of the present that is the latest. */
async function emitOld(count: number): Promise<string[]> {
  const ids = await account.emit(userId, ...Array.from({ length: count }, () => ({})));
  await account.evaluateAt(NOON);
  return ids;
}
async function emitNew(): Promise<string> {
  const [id = ''] = await account.emit(userId, { at: LATER - DAY });
  await account.evaluateAt(LATER - DAY);
  return id;
}
const keep = (retention: Parameters<RetainedAccount['client']['users']['updateAccount']>[0]['retention']) =>
  account.client.users.updateAccount({ retention });
const column = async <T>(query: ReturnType<typeof sql<{ value: T }>>) =>
  (await account.rows(query)).map(({ value }) => value);
const eventIds = () => column<string>(sql`select id as value from events order by sequence`);
const runIds = () => column<string>(sql`select id as value from workflow_enrollments order by enrolled_at`);

describe('the policy of an account', () => {
  test('keeps everything until it is set, is replaced as a whole, and each change is in the audit trail', async () => {
    const none = { eventsDays: 0, executionsDays: 0, runsDays: 0, auditDays: 0, requestIdsDays: 0 };
    expect((await account.client.users.getAccount({})).account?.retention).toMatchObject(none);
    await keep({ eventsDays: 400, auditDays: 30 });
    await account.client.users.updateAccount({ name: 'Iron' });
    const { account: changed } = await keep({ eventsDays: 90 });

    expect(changed?.retention).toMatchObject({ ...none, eventsDays: 90 });
    const { entries } = await account.client.audit.listAuditEntries({ action: 'UpdateAccount' });
    expect(entries.map(({ after }) => after?.retention)).toMatchObject([
      { eventsDays: 90, auditDays: 0 },
      { eventsDays: 400, auditDays: 30 },
      { eventsDays: 400, auditDays: 30 },
    ]);
  });

  test.each([29, -1, 36_501])('refuses %i days, and nothing changes', async (eventsDays) => {
    await keep({ eventsDays: 90 });

    await expectRefusedUnchanged(db.database, () => keep({ eventsDays }), 'VALIDATION_FAILED', [
      'retention.events_days',
    ]);
  });

  test('removes nothing without days', async () => {
    await account.addWorkflow();
    await emitOld(3);
    await keep({});
    const before = await dumpTables(db.database);

    expect(await removeOld(db.database)).toEqual({});
    expect(await dumpTables(db.database)).toEqual(before);
  });
});

describe('events', () => {
  test('go after their days, and no other row changes', async () => {
    await account.addWorkflow({ filters: allOf({ field: 'week_number', operator: 'equals', value: 9 }) });
    const other = await createRetainedAccount(db.database);
    await other.emit(await other.addAthlete(), {});
    await other.evaluateAt(NOON);
    await emitOld(3);
    const latest = await emitNew();
    await keep({ eventsDays: 30 });
    const before = await dumpTables(db.database);

    expect(await removeOld(db.database)).toEqual({ events: 3 });
    expect(await eventIds()).toEqual([latest]);
    const after = await dumpTables(db.database);
    expect(rowsAdded(before, after)).toEqual({ events: -3, removed_events: 3 });
    const others = ({ events, removed_events, retention_policies, ...rest }: typeof before) => rest;
    expect(others(after)).toEqual(others(before));
  });

  test('are duplicates when they are published again', async () => {
    const { accountId } = account;
    const event = {
      ...{ id: uuidv7(), type: 'appointment_no_show', userId },
      occurredAt: instantToTimestamp(NOON),
      data: { appointment_id: 'a' },
    };
    const published = (instant: Instant) => {
      const { events } = createAutomationClient(db.database, { accountId, clock: clockAt(instant) });
      return async (changed = {}) => {
        const { results } = await events.publishEvents({ events: [{ ...event, ...changed }] });
        return results.map(({ outcome, error }) => [outcome, error?.reason ?? '']);
      };
    };
    expect(await published(NOON)()).toEqual([[PublishOutcome.ACCEPTED, '']]);
    const [own = ''] = await emitOld(1);
    const latest = await emitNew();
    await keep({ eventsDays: 30 });
    await removeOld(db.database);

    expect(await eventIds()).toEqual([latest]);
    const again = published(LATER);
    expect(await again()).toEqual([[PublishOutcome.DUPLICATE, '']]);
    expect(await again({ data: { appointment_id: 'b' } })).toEqual([
      [PublishOutcome.REFUSED, 'EVENT_ID_REUSED'],
    ]);
    expect(await again({ id: own })).toEqual([[PublishOutcome.REFUSED, 'EVENT_ID_REUSED']]);
  });

  test('do not come again, although no trigger decides on them', async () => {
    const missed = { id: '4f6a1d1e-55f3-5b0c-8a53-3a1d0f2b7c16', type: 'session_missed' };
    await account.emit(userId, missed);
    await account.evaluateAt(NOON);
    const latest = await emitNew();
    await keep({ eventsDays: 30 });
    expect(await removeOld(db.database)).toEqual({ events: 1 });

    const [next = ''] = await account.emit(userId, { ...missed, at: LATER }, { at: LATER });
    await account.evaluateAt(LATER);
    expect(next).toBe(missed.id);
    expect((await eventIds())[0]).toBe(latest);
    expect(await eventIds()).toHaveLength(2);
    expect(await eventIds()).not.toContain(missed.id);
  });

  test('of time triggers do not happen again', async () => {
    const { triggerId } = await account.addWorkflow({ event: 'birthday', settings: MULTIPLE });
    const occurrence = { type: 'birthday', triggerId, occurrenceKey: '2026' };
    await account.emit(userId, occurrence);
    await account.evaluateAt(NOON);
    await account.rows(ENDED);
    await emitNew();
    await keep({ eventsDays: 30 });
    expect(await removeOld(db.database)).toEqual({ events: 1 });
    await account.emit(userId, occurrence, { ...occurrence, occurrenceKey: '2027' });
    await account.evaluateAt(LATER);

    expect(await runIds()).toHaveLength(2);
  });

  test('stay while a run of their athlete goes on, while a dead letter waits, and as the latest', async () => {
    const { triggerId } = await account.addWorkflow();
    const other = await account.addAthlete();
    const [waiting = '', resolved = ''] = await account.emit(
      other,
      { type: 'week_advanced' },
      { type: 'week_advanced' },
    );
    const [old = '', starting = ''] = await account.emit(userId, { type: 'week_advanced' }, {});
    await account.evaluateAt(NOON);
    for (const [eventId, state] of [
      [waiting, 'DEAD'],
      [resolved, 'RESOLVED'],
    ]) {
      await account.rows(sql`
        insert into dead_letters (account_id, id, event_id, trigger_id, user_id, event, state, attempts, reason, message,
          first_failed_at, last_failed_at)
        values (${account.accountId}, ${uuidv7()}, ${eventId}, ${triggerId}, ${other}, '{}', ${state}, 1, 'INTERNAL', '',
          now(), now())`);
    }
    await keep({ eventsDays: 30 });
    expect(await removeOld(db.database)).toEqual({ events: 1 });
    expect(await eventIds()).toEqual([waiting, old, starting]);

    await account.rows(ENDED);
    await keep({ eventsDays: 30 });
    expect(await removeOld(db.database)).toEqual({ events: 1 });
    expect(await eventIds()).toEqual([waiting, starting]);
  });

  test('stay as long as the history of a trigger looks back', async () => {
    const looking = (within: string) => ({
      ...{ logic: 'AND', not: false, conditions: [], groups: [] },
      history: [{ event: 'session_completed', within, at_least: 5 }],
    });
    const ids = await account.addWorkflow({ filters: looking('101d') });
    await emitOld(2);
    await emitNew();
    await keep({ eventsDays: 30 });
    expect(await removeOld(db.database)).toEqual({});

    await account.changeTrigger(ids, { filters: looking('14w') });
    await keep({ eventsDays: 30 });
    expect(await removeOld(db.database)).toEqual({ events: 2 });
  });

  test('that a reader was to continue after are told as removed', async () => {
    await emitOld(3);
    const reader = await watch(account.client.events, { fromBeginning: true });
    await expect.poll(() => reader.events).toHaveLength(3);
    await reader.leave();
    const page = await account.client.events.listEvents({ pageSize: 2, userId });
    const latest = await emitNew();
    await keep({ eventsDays: 30 });
    await removeOld(db.database);

    const resumed = await watch(account.client.events, { resumeToken: `${reader.tokens.at(-1)}` });
    expect((await resumed.ended)?.findDetails(ErrorInfoSchema)[0]?.reason).toBe('EVENTS_REMOVED');
    await expectRefusal(
      account.client.events.listEvents({ pageSize: 2, userId, pageToken: page.nextPageToken }),
      'EVENTS_REMOVED',
    );
    const fresh = await watch(account.client.events, { fromBeginning: true });
    await expect.poll(() => fresh.events.map(({ id }) => id)).toEqual([latest]);
    await fresh.leave();
  });
});

describe('runs', () => {
  test('go with their steps once they have ended, but for the latest of each athlete', async () => {
    await account.addWorkflow({ settings: MULTIPLE });
    await emitOld(3);
    const [, second = '', third = ''] = await column<string>(
      sql`select id as value from workflow_enrollments order by id`,
    );
    await account.rows(sql`
      insert into action_executions (account_id, enrollment_id, step, user_id, action, outcome, attempts, executed_at)
      select account_id, id, 0, user_id, 'add_tag', 'DONE', 1, enrolled_at from workflow_enrollments`);
    await account.rows(sql`${ENDED} where id <> ${second}`);
    await keep({ runsDays: 30 });
    const before = await dumpTables(db.database);

    expect(await removeOld(db.database)).toEqual({ runs: 1 });
    expect(await column(sql`select id as value from workflow_enrollments order by id`)).toEqual([
      second,
      third,
    ]);
    expect(rowsAdded(before, await dumpTables(db.database))).toEqual({
      ...{ workflow_enrollments: -1, action_executions: -1 },
    });
  });

  test('decide about later enrollments as before', async () => {
    await account.addWorkflow({ settings: { policy: 'ENROLLMENT_POLICY_ONCE_EVER' } });
    await account.addWorkflow({
      settings: { ...MULTIPLE, limit: { count: 2, window: `${101 * 24 * 3_600}s` } },
    });
    await emitOld(2);
    await account.rows(ENDED);
    await keep({ runsDays: 30, executionsDays: 30 });
    await removeOld(db.database);
    await account.emit(userId, { at: NOON + 99n * DAY });
    await account.evaluateAt(LATER);

    const reasons = await column(sql`select failure_reason as value from trigger_execution_logs order by 1`);
    expect(reasons).toEqual(['ALREADY_ENROLLED', 'RATE_LIMITED']);
  });
});

test('verdicts go after their days, and a replay decides nothing again', async () => {
  await account.addWorkflow({ settings: MULTIPLE });
  const ids = await emitOld(2);
  await account.rows(ENDED);
  await keep({ executionsDays: 30, runsDays: 30 });
  expect(await removeOld(db.database)).toEqual({ executions: 2, runs: 1 });

  expect(await account.client.events.replayEvents({ eventIds: ids })).toMatchObject({
    ...{ keptCount: 2, decidedCount: 0, enrolledCount: 0 },
  });
});

test('entries of the audit trail go, but for what RevertLiftMax reads', async () => {
  const { users, programs, progression } = account.client;
  const liftId = present((await programs.createLift({ slug: 'squat', name: 'Squat' })).lift).id;
  const key = { userId, liftId, maxType: MaxType.TRAINING_MAX };
  await progression.setLiftMax({ ...key, value: '100' });
  await progression.setLiftMax({ ...key, value: '10' });
  await users.updateAccount({ name: 'Iron' });
  await keep({ auditDays: 30 });
  await ageAudit();

  expect(await removeOld(db.database)).toMatchObject({ audit: 3 });
  expect(await column(sql`select action as value from audit_log`)).toEqual(['SetLiftMax']);
  expect((await progression.revertLiftMax({ ...key, version: 2, reason: 'mistyped' })).liftMax?.value).toBe(
    '100',
  );
});

/** As the superuser, who is not held by policies. */
async function ageAudit(): Promise<void> {
  await sql`update audit_log set recorded_at = '2026-03-02T12:00:00Z'`.execute(
    db.database.orm.em.fork().getKysely(),
  );
}

test('a request ID is forgotten after its days, and never the identity of an event', async () => {
  const call = { headers: { 'idempotency-key': uuidv7() } };
  const { users } = account.client;
  const create = async () => present((await users.createUser({ name: 'Ana' }, call)).user).id;
  const first = await create();
  const session = { sessionId: uuidv7(), daySlug: 'a', weekNumber: 1, liftsPerformed: [] };
  expect(await create()).toBe(first);
  await sql`
    insert into requests (account_id, method, request_id, fingerprint, response, user_id, trigger_type, trigger_key,
      occurred_at)
    values (${account.accountId}, 'HandleSessionComplete', ${uuidv7()}, '', '', ${userId}, 'AFTER_SESSION',
      ${`session:${session.sessionId}`}, now())`.execute(db.database.orm.em.fork().getKysely());
  await sql`update requests set recorded_at = '2026-03-02T12:00:00Z'`.execute(
    db.database.orm.em.fork().getKysely(),
  );
  await keep({ requestIdsDays: 30 });

  expect(await removeOld(db.database)).toEqual({ request_ids: 1 });
  expect(await create()).not.toBe(first);
  expect(await column(sql`select method as value from requests where trigger_key is not null`)).toEqual([
    'HandleSessionComplete',
  ]);
});

describe('the database', () => {
  test('refuses to delete what the account keeps', async () => {
    await account.addWorkflow();
    await emitOld(1);
    const deleteAll = async () => {
      for (const table of ['events', 'trigger_execution_logs', 'audit_log', 'requests']) {
        await account.rows(sql`delete from ${sql.table(table)}`);
      }
    };
    await keep({});
    const before = await dumpTables(db.database);
    await deleteAll();
    expect(await dumpTables(db.database)).toEqual(before);

    await keep({ eventsDays: 36_500 });
    await deleteAll();
    expect(await eventIds()).toHaveLength(1);
  });
});

describe('a pass', () => {
  test('goes on where it was, in batches, by turns over the accounts', async () => {
    const other = await createRetainedAccount(db.database);
    const otherUser = await other.addAthlete();
    for (const each of [account, other]) {
      const athlete = each === account ? userId : otherUser;
      await each.emit(athlete, ...Array.from({ length: 5 }, (_, n) => ({ at: NOON + BigInt(n) * HOUR })));
      await each.evaluateAt(NOON);
      await each.client.users.updateAccount({ retention: { eventsDays: 30 } });
    }
    const counts = async () => [
      (await eventIds()).length,
      (await other.rows(sql`select from events`)).length,
    ];
    const seen: number[][] = [];
    const limits = { ...readConfig({}).limits, retentionBatchRows: 2 };
    let hasMore = true;
    while (hasMore) {
      // Each batch in a process of its own.
      const worker = createRetentionWorker({ database: db.database, clock: () => LATER, limits });
      hasMore = await worker.runOnce();
      seen.push(await counts());
    }

    expect(seen).toEqual([
      [3, 3],
      [1, 1],
      [1, 1],
    ]);
    expect(await removeOld(db.database)).toEqual({});
  });
});
