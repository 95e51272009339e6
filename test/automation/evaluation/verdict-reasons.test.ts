/** The reasons of verdicts: each stage, and that the first stage that stops decides. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { toIdSuffix } from '../../../src/automation/decision/compact-trigger.ts';
import { decodeOutcomes } from '../../../src/automation/decision/evaluation-outcomes.ts';
import type { JsonValue } from '../../../src/filters/filter.ts';
import { instantToText } from '../../../src/values/instant.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type AutomatedAccount,
  allOf,
  createAutomatedAccount,
  DAY,
  evaluateAll,
  HOUR,
  loggedReasons,
  logRows,
  NOON,
  SECOND,
} from './automated-account.ts';

const MULTIPLE = 'ENROLLMENT_POLICY_MULTIPLE';
const ONE_ACTIVE = 'ENROLLMENT_POLICY_ONE_ACTIVE';
const NEVER_MATCHES = allOf({ field: 'week_number', operator: 'equals', value: 99 });

const db = useTestDatabase();
let account: AutomatedAccount;
let userId: string;
beforeAll(async () => {});
beforeEach(async () => {
  account = await createAutomatedAccount(db.database);
  userId = await account.addAthlete();
});

/** The reasons in the execution log after these events, each evaluated before the next one is written. */
async function reasonsAfter(...times: bigint[]): Promise<string[]> {
  for (const at of times) {
    await account.emit(userId, { at });
    await evaluateAll(account);
  }
  return loggedReasons(account);
}

async function outcomeReasons(): Promise<string[]> {
  const rows = await account.rows(
    sql<{ outcomes: unknown[] }>`select outcomes from events order by sequence`,
  );
  return rows.map(({ outcomes }) => JSON.stringify(outcomes));
}

function countEnrollments(): Promise<unknown[]> {
  return account.rows(sql`select id from workflow_enrollments`);
}

describe('a workflow that is not active', () => {
  test.each(['DRAFT', 'PAUSED', 'ARCHIVED'] as const)('evaluates no event while it is %s', async (status) => {
    await account.addWorkflow({ status });

    expect(await reasonsAfter(NOON)).toEqual([]);
    expect(await outcomeReasons()).toEqual(['[]']);
  });

  test('does not enroll for past events when it becomes active', async () => {
    const ids = await account.addWorkflow({ status: 'PAUSED' });
    await reasonsAfter(NOON);
    await account.changeWorkflow(ids, { status: 'ACTIVE' });

    expect(await reasonsAfter(NOON + HOUR)).toEqual(['ENROLLED']);
    expect(await countEnrollments()).toHaveLength(1);
  });
});

describe('an athlete', () => {
  test('who is deleted is not enrolled, and the execution log has SUBJECT_DELETED for matching triggers only', async () => {
    await account.addWorkflow();
    await account.addWorkflow({ filters: NEVER_MATCHES });
    await account.rows(sql`update users set deleted_at = now()`);

    expect(await reasonsAfter(NOON)).toEqual(['SUBJECT_DELETED']);
    expect(await countEnrollments()).toEqual([]);
    expect((await outcomeReasons())[0]?.match(/SUBJECT_DELETED/g)).toHaveLength(2);
  });

  test('who opted out is not enrolled', async () => {
    await account.addWorkflow();
    await account.rows(sql`update users set opted_out_at = ${instantToText(NOON)}`);

    expect(await reasonsAfter(NOON)).toEqual(['OPTED_OUT']);
    const [row] = await logRows(account);
    expect(row).toMatchObject({
      matched: true,
      enrolled: false,
      details: { opted_out_at: '2026-03-02T12:00:00.000000Z' },
    });
  });

  test('is matched by built-in fields, own attributes and time zone', async () => {
    userId = await account.addAthlete({
      tags: ['vip'],
      attributes: { level: '12', joined_on: '2026-03-03' },
      time_zone: 'Pacific/Kiritimati',
      birth_date: '1990-03-03',
    });
    await account.rows(sql`insert into field_definitions (account_id, path, type)
      values (${account.accountId}, 'custom.level', 'int'), (${account.accountId}, 'custom.joined_on', 'date')`);
    await account.addWorkflow({
      filters: allOf(
        { field: 'tags', operator: 'contains', value: 'vip' },
        { field: 'custom.level', operator: 'greater_than', value: 11 },
        // In the athlete's time zone, the event happens on the 3rd.
        { field: 'birth_date', operator: 'on', value: '1990-03-03' },
        { field: 'custom.joined_on', operator: 'in_last', value: '1d' },
      ),
    });

    expect(await reasonsAfter(NOON)).toEqual(['ENROLLED']);
  });
});

describe('a filter that does not match', () => {
  test('is stored with the event, and not in the execution log', async () => {
    const { triggerId } = await account.addWorkflow({ filters: NEVER_MATCHES });

    expect(await reasonsAfter(NOON)).toEqual([]);
    const [row] = await account.rows(sql<{ outcomes: JsonValue }>`select outcomes from events`);
    expect(decodeOutcomes(row?.outcomes ?? [])).toEqual([
      {
        subject: {},
        timeZone: 'UTC',
        outcomes: [],
        notMatched: [{ idSuffix: toIdSuffix(triggerId), version: 1, conditions: '' }],
      },
    ]);
  });
});

describe('the policy', () => {
  test('enrolls an athlete once by default', async () => {
    await account.addWorkflow();

    expect(await reasonsAfter(NOON, NOON + 400n * DAY)).toEqual(['ENROLLED', 'ALREADY_ENROLLED']);
    const [, row] = await logRows(account);
    expect(row?.details).toEqual({ policy: 'ONCE_EVER', enrolled_at: '2026-03-02T12:00:00.000000Z' });
  });

  test('ONE_ACTIVE enrolls again after the last enrollment has ended', async () => {
    await account.addWorkflow({ settings: { policy: ONE_ACTIVE } });

    expect(await reasonsAfter(NOON, NOON + HOUR)).toEqual(['ENROLLED', 'ALREADY_ENROLLED']);
    await account.rows(sql`update workflow_enrollments set state = 'COMPLETED', due_at = null, ended_at = now(),
      next_step = 1`);
    expect((await reasonsAfter(NOON + 2n * HOUR)).at(-1)).toBe('ENROLLED');
  });

  test('MULTIPLE enrolls for each event', async () => {
    await account.addWorkflow({ settings: { policy: MULTIPLE } });

    expect(await reasonsAfter(NOON, NOON + SECOND)).toEqual(['ENROLLED', 'ENROLLED']);
  });

  test('applies to one athlete in one workflow', async () => {
    await account.addWorkflow();
    await account.addWorkflow();
    await reasonsAfter(NOON);
    userId = await account.addAthlete();

    expect(await reasonsAfter(NOON)).toEqual(Array.from({ length: 4 }, () => 'ENROLLED'));
  });

  test('does not count an enrollment that was cancelled before its first step', async () => {
    await account.addWorkflow();
    await reasonsAfter(NOON);
    await account.rows(
      sql`update workflow_enrollments set state = 'CANCELLED', due_at = null, ended_at = now()`,
    );
    expect((await reasonsAfter(NOON + HOUR)).at(-1)).toBe('ENROLLED');
    await account.rows(sql`update workflow_enrollments set state = 'CANCELLED', due_at = null, ended_at = now(),
      next_step = 1`);
    expect((await reasonsAfter(NOON + 2n * HOUR)).at(-1)).toBe('ALREADY_ENROLLED');
  });

  test('counts enrollments of earlier events of the same batch', async () => {
    await account.addWorkflow();
    await account.emit(userId, { at: NOON }, { at: NOON + SECOND }, { at: NOON + HOUR });
    await evaluateAll(account);

    expect(await loggedReasons(account)).toEqual(['ENROLLED', 'ALREADY_ENROLLED', 'ALREADY_ENROLLED']);
  });
});

describe('a cooldown', () => {
  beforeEach(() => account.addWorkflow({ settings: { policy: MULTIPLE, cooldown: '3600s' } }));

  test('ends exactly after its duration, by the times of the events', async () => {
    expect(await reasonsAfter(NOON, NOON + HOUR - 1n, NOON + HOUR)).toEqual([
      'ENROLLED',
      'COOLDOWN',
      'ENROLLED',
    ]);
    const [, row] = await logRows(account);
    expect(row?.details).toEqual({
      enrolled_at: '2026-03-02T12:00:00.000000Z',
      cooldown_until: '2026-03-02T13:00:00.000000Z',
    });
  });

  test('also applies to older events that arrive later', async () => {
    expect(await reasonsAfter(NOON, NOON - HOUR + 1n, NOON - HOUR)).toEqual([
      'ENROLLED',
      'COOLDOWN',
      'ENROLLED',
    ]);
  });
});

describe('a rate limit', () => {
  beforeEach(() =>
    account.addWorkflow({ settings: { policy: MULTIPLE, limit: { count: 2, window: '3600s' } } }),
  );

  test('applies to every sliding window, not to aligned windows', async () => {
    const times = [NOON, NOON + HOUR / 2n, NOON + HOUR - 1n, NOON + HOUR, NOON + HOUR + 1n];

    expect(await reasonsAfter(...times)).toEqual([
      'ENROLLED',
      'ENROLLED',
      'RATE_LIMITED',
      'ENROLLED',
      'RATE_LIMITED',
    ]);
    expect((await logRows(account))[2]?.details).toEqual({
      limit: '2',
      enrollments: '2',
      window_seconds: '3600',
    });
  });

  test('applies to an older event that arrives later', async () => {
    const reasons = await reasonsAfter(NOON, NOON + HOUR / 2n, NOON - HOUR / 4n, NOON - HOUR);

    expect(reasons).toEqual(['ENROLLED', 'ENROLLED', 'RATE_LIMITED', 'ENROLLED']);
  });

  test('is counted per athlete', async () => {
    await reasonsAfter(NOON, NOON + SECOND);
    userId = await account.addAthlete();

    expect((await reasonsAfter(NOON)).at(-1)).toBe('ENROLLED');
  });
});

describe('the first stage that stops', () => {
  test('decides the reason, in the order of the stages', async () => {
    const ids = await account.addWorkflow({
      settings: {
        cooldown: '86400s',
        limit: { count: 1, window: '86400s' },
        cap: { name: 'all', count: 1, window: '86400s' },
      },
    });
    await reasonsAfter(NOON);
    const next = async (settings: Record<string, unknown>) => {
      await account.changeTrigger(ids, { settings });
      return (await reasonsAfter(NOON + SECOND)).at(-1);
    };
    const limit = { count: 1, window: '86400s' };
    const cap = { name: 'all', count: 1, window: '86400s' };

    expect(await next({ cooldown: '86400s', limit, cap })).toBe('ALREADY_ENROLLED');
    expect(await next({ policy: MULTIPLE, cooldown: '86400s', limit, cap })).toBe('COOLDOWN');
    expect(await next({ policy: MULTIPLE, limit, cap })).toBe('CAP_REACHED');
    expect(await next({ policy: MULTIPLE, limit })).toBe('RATE_LIMITED');
    expect(await next({ policy: MULTIPLE })).toBe('ENROLLED');
  });

  test('is the opt-out of an athlete whom the filter would not match', async () => {
    const { triggerId } = await account.addWorkflow({ filters: NEVER_MATCHES });
    await account.rows(sql`update users set opted_out_at = now()`);
    await reasonsAfter(NOON);

    expect((await outcomeReasons())[0]).toContain(triggerId);
    expect((await outcomeReasons())[0]).toContain('OPTED_OUT');
  });
});

describe('a duplicate event', () => {
  test('is evaluated once, in one batch and across batches', async () => {
    await account.addWorkflow({ settings: { policy: MULTIPLE } });
    const id = uuidv7();
    await account.emit(userId, { id }, { id });
    await evaluateAll(account);
    await account.emit(userId, { id });

    expect(await evaluateAll(account)).toBe(1);
    expect(await loggedReasons(account)).toEqual(['ENROLLED']);
    expect(await account.rows(sql`select id from events`)).toEqual([{ id }]);
  });

  test('is recognized by its occurrence key for time triggers, even with another id', async () => {
    const { triggerId } = await account.addWorkflow({ event: 'birthday', settings: { policy: MULTIPLE } });
    const occurrence = { type: 'birthday', triggerId, occurrenceKey: '2026' };
    await account.emit(userId, occurrence, occurrence);
    await evaluateAll(account);
    await account.emit(userId, occurrence, { ...occurrence, occurrenceKey: '2027' });
    await evaluateAll(account);

    expect(await loggedReasons(account)).toEqual(['ENROLLED', 'ENROLLED']);
    const keys = await account.rows(sql`select occurrence_key from events order by sequence`);
    expect(keys).toEqual([{ occurrence_key: '2026' }, { occurrence_key: '2027' }]);
  });
});

describe('an occurrence', () => {
  test('that was missed is logged as MISSED when its filter matches', async () => {
    const vip = allOf({ field: 'tags', operator: 'contains', value: 'vip' });
    const matching = await account.addWorkflow({ event: 'birthday' });
    const other = await account.addWorkflow({ event: 'birthday', filters: vip });
    for (const { triggerId } of [matching, other]) {
      const data = { missed: true };
      await account.emit(userId, { type: 'birthday', triggerId, occurrenceKey: '2026', data });
    }
    await evaluateAll(account);

    expect(await logRows(account)).toMatchObject([
      { trigger_id: matching.triggerId, matched: true, enrolled: false, failure_reason: 'MISSED' },
    ]);
    expect((await outcomeReasons()).filter((text) => text.includes('MISSED'))).toHaveLength(2);
  });
});
