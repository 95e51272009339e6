/** What fails: a trigger that leaves the others alone, and an entry that leaves other athletes alone. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { createDeadLetterRetry } from '../../../src/automation/evaluation/retry-dead-letters.ts';
import type { Instant } from '../../../src/values/instant.ts';
import { setBackoffShare, useLongestBackoffs } from '../../support/backoff-share.ts';
import { openFaultyDatabase } from '../../support/statement-faults.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
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

let db: TestDatabase;
let account: AutomatedAccount;
let userId: string;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());
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

/** Tries again what is due at the instant, of this account and all others. */
async function retryAt(now: Instant, limits = {}): Promise<void> {
  const retry = createDeadLetterRetry(evaluatorDeps(db.database, { clock: () => now, limits }));
  while (await retry.runOnce()) {
    // The next page.
  }
}

describe('a trigger that cannot be read', () => {
  test.each([
    { name: 'its filter', fixture: { filters: DAMAGED } },
    {
      name: 'a field that is no more',
      fixture: { filters: allOf({ field: 'custom.gone', operator: 'exists' }) },
    },
    { name: 'its settings', fixture: { settings: { policy: 'SOMETIMES' } } },
    { name: 'a zone that is no more', fixture: { settings: closedIn('Mars/Olympus') } },
  ])('for $name fails alone, and the others decide once', async ({ fixture }) => {
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

  test('is tried again alone, and decides once it is mended', async () => {
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

  test('is tried again after any share of its pause', async () => {
    await account.addWorkflow({ filters: DAMAGED });
    await account.emit(userId, {});
    setBackoffShare(0.25);
    await evaluateAll(account);
    expect((await letters())[0]?.next_attempt_at).toBe('2026-03-02 12:00:00.5+00');
  });

  test('is given up after so many tries, with pauses that double', async () => {
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

  test('has nothing left to decide once it takes no part any more', async () => {
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

/** Nothing that the log takes: it has no type. */
async function damage(eventId: string): Promise<void> {
  await account.rows(sql`update outbox set facts = jsonb_set(facts, '{0,type}', 'null')
    where facts -> 0 ->> 'id' = ${eventId}`);
}

async function mend(eventId: string): Promise<void> {
  await account.rows(sql`
    update dead_letters set state = 'RETRYING', attempts = 0, next_attempt_at = ${'2026-03-02T12:00:00Z'},
      event = jsonb_set(event, '{facts,0,type}', '"session_completed"')
    where event_id = ${eventId}`);
}

describe('an entry that fails', () => {
  test('holds its athlete’s events back until it is a dead letter, and nobody else’s', async () => {
    await account.addWorkflow({ settings: MULTIPLE });
    const others = [await account.addAthlete(), await account.addAthlete()];
    const [bad = '', behind] = await account.emit(userId, {}, { at: NOON + SECOND });
    await damage(bad);
    for (const other of others) {
      await account.emit(other, {});
    }
    const limits = { entryTries: 2, firstEntryPauseMs: 60_000 };
    const evaluator = createEvaluator(evaluatorDeps(db.database, { limits }));
    await evaluateAll(account, evaluator);

    const evaluated = async () => new Set((await logRows(account)).map((row) => row.event_id));
    expect(await evaluated()).toHaveLength(2);
    expect(await evaluated()).not.toContain(behind);
    // Another process does not know yet how it fails, and comes to its own end.
    const patient = createEvaluator(
      evaluatorDeps(db.database, { limits: { ...limits, firstEntryPauseMs: 0 } }),
    );
    await evaluateAll(account, patient);
    await evaluateAll(account, patient);

    expect(await letters()).toMatchObject([
      { event_id: bad, trigger_id: null, state: 'DEAD', attempts: 2, reason: 'INTERNAL' },
    ]);
    expect(await evaluated()).toContain(behind);
    expect(await account.rows(sql`select id from outbox`)).toEqual([]);
  });

  test('is tried again after any share of its pause', async () => {
    const [bad = ''] = await account.emit(userId, {});
    await damage(bad);
    const limits = { entryTries: 2, firstEntryPauseMs: 60_000 };
    const evaluator = createEvaluator(evaluatorDeps(db.database, { limits }));
    setBackoffShare(0);
    await evaluateAll(account, evaluator);
    await evaluateAll(account, evaluator);

    expect(await letters()).toMatchObject([{ event_id: bad, state: 'DEAD', attempts: 2 }]);
  });

  test('does so also where the events of others share its partition', async () => {
    await account.addWorkflow({ settings: MULTIPLE });
    const { partition, userIds } = await athletesOfOnePartition(3);
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

  test('is evaluated as a whole when it is tried again', async () => {
    await account.addWorkflow();
    const [bad = ''] = await account.emit(userId, { data: { week_number: 3 } });
    const [before] = await account.rows(sql<{ sequence: string }>`select sequence from outbox`);
    await damage(bad);
    await evaluateAll(account, createEvaluator(evaluatorDeps(db.database, { limits: { entryTries: 1 } })));
    expect(await letters()).toMatchObject([{ state: 'DEAD', attempts: 1 }]);

    await mend(bad);
    await retryAt(NOON);

    expect(await letters()).toMatchObject([{ state: 'RESOLVED' }]);
    expect(await loggedReasons(account)).toEqual(['ENROLLED']);
    const events = await account.rows(sql`select id, type, data, sequence, actor, occurred_at from events`);
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
    expect(await account.rows(sql`select id from outbox`)).toEqual([]);
  });

  test('that fails again waits for its next try, and dies', async () => {
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
    expect(await account.rows(sql`select id from events`)).toEqual([]);
    expect(await account.rows(sql`select id from outbox`)).toEqual([]);
  });

  test('is no dead letter for what the database is to blame for', async () => {
    const faulty = openFaultyDatabase(db);
    await account.emit(userId, {});
    const limits = { entryTries: 1 };
    const evaluator = createEvaluator(evaluatorDeps(faulty.database, { limits }));
    const [{ partition } = { partition: -1 }] = await waitingPartitions(account);
    for (const sqlState of ['53100', '57P03', '40P01', '42501', '58030', 'XX000']) {
      // Were it the event’s fault, it would be a dead letter by the third time.
      faulty.arm({ statement: 5, how: 'refuse', sqlState, times: 2 });
      await expect(evaluator.evaluatePartitions(account.accountId, [partition])).rejects.toThrow();
    }
    faulty.disarm();
    await faulty.close();

    expect(await letters()).toEqual([]);
    expect(await evaluateAll(account, evaluator)).toBe(1);
  });
});

/** Athletes whose events are in the same partition. */
async function athletesOfOnePartition(count: number): Promise<{ partition: number; userIds: string[] }> {
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

test('an event of no athlete enters the log', async () => {
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
