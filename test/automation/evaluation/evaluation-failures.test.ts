/**
 * Failures: of one trigger, which does not affect other triggers, and of one entry, which does not affect
 * other athletes.
 */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { createDeadLetterRetry } from '../../../src/automation/evaluation/retry-dead-letters.ts';
import type { Instant } from '../../../src/values/instant.ts';
import { setBackoffShare, useLongestBackoffs } from '../../support/backoff-share.ts';
import { openFaultyDatabase } from '../../support/statement-faults.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type AutomatedAccount,
  allOf,
  createAutomatedAccount,
  evaluateAll,
  evaluatorDeps,
  HOUR,
  loggedReasons,
  logRows,
  NOON,
  SECOND,
  waitingPartitions,
} from './automated-account.ts';

const DAMAGED = { logic: 'AND', conditions: 'none' };
const MULTIPLE = { policy: 'ENROLLMENT_POLICY_MULTIPLE' };

const db = useTestDatabase();
let account: AutomatedAccount;
let userId: string;
beforeAll(async () => {});
useLongestBackoffs();
beforeEach(async () => {
  account = await createAutomatedAccount(db.database);
  userId = await account.addAthlete();
});

interface Letter {
  event_id: string;
  trigger_id: string | null;
  state: string;
  attempts: number;
  reason: string;
  message: string;
  next_attempt_at: string | null;
}

function letters(): Promise<Letter[]> {
  return account.rows(sql<Letter>`
    select event_id, trigger_id, state, attempts, reason, message, next_attempt_at from dead_letters order by id`);
}

/** Retries the dead letters of all accounts that are due at the instant. */
async function retryAt(now: Instant, limits = {}): Promise<void> {
  const retry = createDeadLetterRetry(evaluatorDeps(db.database, { clock: () => now, limits }));
  while (await retry.runOnce()) {
    // The next page.
  }
}

describe('an unreadable trigger', () => {
  test.each([
    { name: 'of a damaged filter', fixture: { filters: DAMAGED } },
    {
      name: 'of a removed field',
      fixture: { filters: allOf({ field: 'custom.gone', operator: 'exists' }) },
    },
    { name: 'of damaged settings', fixture: { settings: { policy: 'SOMETIMES' } } },
    { name: 'of an unknown time zone', fixture: { settings: closedIn('Mars/Olympus') } },
  ])('because $name fails alone, and other triggers decide once', async ({ fixture }) => {
    const bad = await account.addWorkflow(fixture);
    const good = await account.addWorkflow();
    const reported: unknown[] = [];
    const reportError = (error: unknown) => reported.push(error);
    const [eventId] = await account.emit(userId, { data: { week_number: 1 } });
    await evaluateAll(account, createEvaluator(evaluatorDeps(db.database, { reportError })));

    const rows = await logRows(account);
    expect(rows.find((row) => row.trigger_id === bad.triggerId)).toMatchObject({
      matched: false,
      enrolled: false,
      failure_reason: 'ERROR',
      details: { problem: expect.any(String) },
    });
    expect(rows.find((row) => row.trigger_id === good.triggerId)).toMatchObject({ enrolled: true });
    expect(await letters()).toMatchObject([
      { event_id: eventId, trigger_id: bad.triggerId, state: 'RETRYING', attempts: 1 },
    ]);
    expect(reported).toHaveLength(1);
  });

  test('is retried alone, and decides after it is repaired', async () => {
    const bad = await account.addWorkflow({ filters: DAMAGED });
    const good = await account.addWorkflow({ settings: MULTIPLE });
    await account.emit(userId, {});
    await evaluateAll(account);
    expect((await letters())[0]?.next_attempt_at).toBe('2026-03-02 12:00:02+00');

    await retryAt(NOON + SECOND);
    expect(await letters()).toMatchObject([{ attempts: 1 }]);
    await account.changeTrigger(bad, { filters: {} });
    await retryAt(NOON + HOUR);

    expect(await letters()).toMatchObject([{ state: 'RESOLVED', next_attempt_at: null }]);
    expect((await loggedReasons(account)).sort()).toEqual(['ENROLLED', 'ENROLLED', 'ERROR']);
    const enrolled = await account.rows(
      sql`select trigger_id, enrolled_at from workflow_enrollments order by id`,
    );
    expect(enrolled).toEqual([
      { trigger_id: good.triggerId, enrolled_at: '2026-03-02 12:00:00+00' },
      { trigger_id: bad.triggerId, enrolled_at: '2026-03-02 12:00:00+00' },
    ]);
  });

  test('is retried after a random part of its backoff', async () => {
    await account.addWorkflow({ filters: DAMAGED });
    await account.emit(userId, {});
    setBackoffShare(0.25);
    await evaluateAll(account);
    expect((await letters())[0]?.next_attempt_at).toBe('2026-03-02 12:00:00.5+00');
  });

  test('is retried with an exponential backoff, and becomes DEAD when the attempts are used up', async () => {
    await account.addWorkflow({ filters: DAMAGED });
    await account.emit(userId, {});
    await evaluateAll(account);
    const limits = { triggerTries: 3, firstTriggerPauseMs: 1_000 };
    await retryAt(NOON + HOUR, limits);
    expect(await letters()).toMatchObject([
      { state: 'RETRYING', attempts: 2, next_attempt_at: '2026-03-02 13:00:02+00' },
    ]);
    await retryAt(NOON + 2n * HOUR, limits);

    expect(await letters()).toMatchObject([
      { state: 'DEAD', attempts: 3, next_attempt_at: null, reason: 'TRIGGER_UNREADABLE' },
    ]);
    await retryAt(NOON + 20n * HOUR, limits);
    expect(await letters()).toMatchObject([{ state: 'DEAD', attempts: 3 }]);
    expect(await loggedReasons(account)).toEqual(['ERROR']);
  });

  test('resolves its dead letter when it is no longer activated', async () => {
    const bad = await account.addWorkflow({ filters: DAMAGED });
    await account.emit(userId, {});
    await evaluateAll(account);
    await account.changeWorkflow(bad, { status: 'PAUSED' });
    await retryAt(NOON + HOUR);

    expect(await letters()).toMatchObject([{ state: 'RESOLVED' }]);
    expect(await loggedReasons(account)).toEqual(['ERROR']);
  });
});

function closedIn(timeZone: string) {
  return { businessHours: { timeZone, intervals: [{ weekday: 1, opens: '09:00', closes: '10:00' }] } };
}

/** Damages the event: it has no type, so the log rejects it. */
async function damage(eventId: string): Promise<void> {
  await account.rows(sql`update outbox set facts = jsonb_set(facts, '{0,type}', 'null')
    where facts -> 0 ->> 'id' = ${eventId}`);
}

async function repair(eventId: string): Promise<void> {
  await account.rows(sql`
    update dead_letters set state = 'RETRYING', attempts = 0, next_attempt_at = ${'2026-03-02T12:00:00Z'},
      event = jsonb_set(event, '{facts,0,type}', '"session_completed"')
    where event_id = ${eventId}`);
}

describe('a failing entry', () => {
  test('blocks later events of its athlete only, until it is a dead letter', async () => {
    await account.addWorkflow({ settings: MULTIPLE });
    const others = [await account.addAthlete(), await account.addAthlete()];
    const [bad = '', behind] = await account.emit(userId, {}, { at: NOON + SECOND });
    await damage(bad);
    for (const each of others) {
      await account.emit(each, {});
    }
    const limits = { entryTries: 2, firstEntryPauseMs: 60_000 };
    const evaluator = createEvaluator(evaluatorDeps(db.database, { limits }));
    await evaluateAll(account, evaluator);

    const evaluated = async () => new Set((await logRows(account)).map((row) => row.event_id));
    expect(await evaluated()).toHaveLength(2);
    expect(await evaluated()).not.toContain(behind);
    // Another process counts its own attempts.
    const other = createEvaluator(
      evaluatorDeps(db.database, { limits: { ...limits, firstEntryPauseMs: 0 } }),
    );
    await evaluateAll(account, other);
    await evaluateAll(account, other);

    expect(await letters()).toMatchObject([
      { event_id: bad, trigger_id: null, state: 'DEAD', attempts: 2, reason: 'INTERNAL' },
    ]);
    expect(await evaluated()).toContain(behind);
    expect(await account.rows(sql`select id from outbox`)).toEqual([]);
  });

  test('is retried after a random part of its backoff', async () => {
    const [bad = ''] = await account.emit(userId, {});
    await damage(bad);
    const limits = { entryTries: 2, firstEntryPauseMs: 60_000 };
    const evaluator = createEvaluator(evaluatorDeps(db.database, { limits }));
    setBackoffShare(0);
    await evaluateAll(account, evaluator);
    await evaluateAll(account, evaluator);

    expect(await letters()).toMatchObject([{ event_id: bad, state: 'DEAD', attempts: 2 }]);
  });

  test('blocks later events of its athlete only, also when other athletes share its partition', async () => {
    await account.addWorkflow({ settings: MULTIPLE });
    const { partition, userIds } = await addAthletesToOnePartition(3);
    const bad: string[] = [];
    for (const each of userIds) {
      const [eventId = ''] = await account.emit(each, {}, { at: NOON + SECOND });
      bad.push(eventId);
    }
    await damage(bad[1] ?? '');
    const limits = { entryTries: 2, firstEntryPauseMs: 60_000 };
    const evaluator = createEvaluator(evaluatorDeps(db.database, { limits }));

    expect(await evaluator.evaluatePartitions(account.accountId, [partition])).toEqual({
      ...{ evaluated: 4, busy: [], unfinished: [] },
    });
    expect(await evaluator.evaluatePartitions(account.accountId, [partition])).toEqual({
      ...{ evaluated: 0, busy: [], unfinished: [] },
    });
    expect(await account.rows(sql`select user_id from outbox`)).toEqual([
      { user_id: userIds[1] },
      { user_id: userIds[1] },
    ]);
  });

  test('is evaluated as a whole when its dead letter is retried', async () => {
    await account.addWorkflow();
    const [bad = ''] = await account.emit(userId, { data: { week_number: 3 } });
    const [before] = await account.rows(sql<{ sequence: string }>`select sequence from outbox`);
    await damage(bad);
    await evaluateAll(account, createEvaluator(evaluatorDeps(db.database, { limits: { entryTries: 1 } })));
    expect(await letters()).toMatchObject([{ state: 'DEAD', attempts: 1 }]);

    await repair(bad);
    await retryAt(NOON);

    expect(await letters()).toMatchObject([{ state: 'RESOLVED' }]);
    expect(await loggedReasons(account)).toEqual(['ENROLLED']);
    const events = await account.rows(
      sql`select id, type, data, sequence, actor, occurred_at from events where type <> 'dead_lettered'`,
    );
    expect(events).toEqual([
      {
        ...before,
        id: bad,
        type: 'session_completed',
        data: { week_number: 3 },
        actor: 'SYSTEM',
        occurred_at: '2026-03-02 12:00:00+00',
      },
    ]);
    expect(
      await account.rows(sql`select id from outbox where facts -> 0 ->> 'type' <> 'dead_lettered'`),
    ).toEqual([]);
  });

  test('waits for its next attempt when its retry fails, and becomes DEAD when the attempts are used up', async () => {
    const [bad = ''] = await account.emit(userId, {});
    await damage(bad);
    await evaluateAll(account, createEvaluator(evaluatorDeps(db.database, { limits: { entryTries: 1 } })));
    await account.rows(sql`update dead_letters set state = 'RETRYING', attempts = 0,
      next_attempt_at = ${'2026-03-02T12:00:00Z'}`);
    const limits = { triggerTries: 2, firstTriggerPauseMs: 1_000 };
    await retryAt(NOON, limits);
    expect(await letters()).toMatchObject([
      { state: 'RETRYING', attempts: 1, next_attempt_at: '2026-03-02 12:00:01+00' },
    ]);
    await retryAt(NOON + SECOND, limits);

    expect(await letters()).toMatchObject([{ state: 'DEAD', attempts: 2 }]);
    expect(await account.rows(sql`select id from events where type <> 'dead_lettered'`)).toEqual([]);
    expect(
      await account.rows(sql`select id from outbox where facts -> 0 ->> 'type' <> 'dead_lettered'`),
    ).toEqual([]);
  });

  test('does not become a dead letter when the database is the cause', async () => {
    const faulty = openFaultyDatabase(db);
    await account.emit(userId, {});
    const limits = { entryTries: 1 };
    const evaluator = createEvaluator(evaluatorDeps(faulty.database, { limits }));
    const [{ partition } = { partition: -1 }] = await waitingPartitions(account);
    for (const sqlState of ['53100', '57P03', '40P01', '42501', '58030', 'XX000']) {
      // If the error counted as caused by the event, the third failure would make a dead letter.
      faulty.arm({ statement: 5, how: 'refuse', sqlState, times: 2 });
      await expect(evaluator.evaluatePartitions(account.accountId, [partition])).rejects.toThrow();
    }
    faulty.disarm();
    await faulty.close();

    expect(await letters()).toEqual([]);
    expect(await evaluateAll(account, evaluator)).toBe(1);
  });
});

/** Creates athletes whose events share one partition. */
async function addAthletesToOnePartition(count: number): Promise<{ partition: number; userIds: string[] }> {
  const { rows } = await account.inTransaction(async (tx) =>
    sql<{ id: string }>`
      select id from (select gen_random_uuid() as id from generate_series(1, 2000)) u
      where (uuid_hash_extended(id, 0) & 31) = 7 limit ${count}`.execute(tx.sql),
  );
  const userIds = rows.map(({ id }) => id);
  for (const id of userIds) {
    await account.rows(
      sql`insert into users (account_id, id, name) values (${account.accountId}, ${id}, 'Ana')`,
    );
  }
  return { partition: 7, userIds };
}

test('an event without an athlete is written to the log', async () => {
  const id = uuidv7();
  await account.addWorkflow({ event: 'trigger_configured' });
  await account.inTransaction(async (tx) => {
    await sql`insert into outbox (account_id, id, facts, occurred_at, recorded_at)
      values (${account.accountId}, ${uuidv7()}, ${JSON.stringify([{ id, type: 'trigger_configured', data: {} }])},
        now(), now())`.execute(tx.sql);
  });
  await evaluateAll(account);

  expect(await account.rows(sql`select id, user_id, outcomes from events`)).toEqual([
    { id, user_id: null, outcomes: [] },
  ]);
});
