/** The service itself tells of a planned session that was not completed, once, and of no other. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Evaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { PublishOutcome } from '../../../src/gen/automation/v1/event_service_pb.ts';
import { EnrollmentPolicy } from '../../../src/gen/automation/v1/trigger_pb.ts';
import { type AutomationClient, addTag, createActiveWorkflow } from '../../support/automation.ts';
import { looksOf } from '../../support/statement-plans.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { openWatchedDatabase } from '../../support/watched-statements.ts';
import { type AutomatedAccount, evaluateAll, loggedReasons } from '../evaluation/automated-account.ts';
import type { TimeAccount } from './time-fixtures.ts';
import { createTimedAccount } from './timed-account.ts';

const db = useTestDatabase();
let account: AutomatedAccount;
let time: TimeAccount;
let client: AutomationClient;
let evaluator: Evaluator;
let userId: string;
beforeEach(async () => {
  ({ account, time, client, evaluator } = await createTimedAccount(db.database));
  userId = await account.addAthlete({ time_zone: 'America/New_York' });
});

async function publish(type: string, data: Record<string, unknown>, athlete = userId) {
  const event = { id: uuidv7(), type, userId: athlete, data: data as never };
  const { results } = await client.events.publishEvents({ events: [event] });
  await evaluateAll(account, evaluator);
  return results[0];
}

async function plan(plannedAt: string, more: Record<string, unknown> = {}): Promise<string> {
  const sessionId = uuidv7();
  const result = await publish('session_planned', { session_id: sessionId, planned_at: plannedAt, ...more });
  expect(result?.outcome).toBe(PublishOutcome.ACCEPTED);
  return sessionId;
}

async function complete(sessionId: string, at: string) {
  await account.rows(sql`
    insert into requests (account_id, method, request_id, fingerprint, response, user_id, trigger_type, trigger_key,
      occurred_at)
    values (${account.accountId}, 'HandleSessionComplete', ${uuidv7()}, '', '', ${userId}, 'AFTER_SESSION',
      ${`session:${sessionId}`}, ${at})`);
}

/** What was told by then: the time of each event and what it says, oldest first. */
async function missedBy(moment: string) {
  time.clock.set(moment);
  await time.runAll();
  await evaluateAll(account, evaluator);
  expect(time.errors).toEqual([]);
  const events = await account.rows(
    sql<{ data: Record<string, unknown>; at: string }>`
      select data, to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI') as at
      from events where type = 'session_missed' order by occurred_at, id`,
  );
  return events.map(({ data, at }) => [at, data]);
}

describe('a planned session', () => {
  test('that is not completed within a day is told of once, and starts workflows', async () => {
    await createActiveWorkflow(client, {
      trigger: { triggerEvent: 'session_missed', settings: { policy: EnrollmentPolicy.MULTIPLE } },
      actions: [addTag('missed')],
    });
    const sessionId = await plan('2026-07-03T01:00:00Z', { day_slug: 'day-a', week_number: 2 });

    expect(await missedBy('2026-07-04T00:59:59')).toEqual([]);
    const missed = {
      ...{ session_id: sessionId, day_slug: 'day-a', week_number: 2 },
      ...{ planned_on: '2026-07-02', missed_in_a_row: 1 },
    };
    expect(await missedBy('2026-07-04T01:00:00')).toEqual([['2026-07-04T01:00', missed]]);
    expect(await missedBy('2026-07-20T00:00:00')).toHaveLength(1);
    expect(await loggedReasons(account)).toEqual(['ENROLLED']);

    await publish('session_planned', { session_id: sessionId, planned_at: '2026-07-21T01:00:00Z' });
    expect(await missedBy('2026-07-25T00:00:00')).toHaveLength(1);
  });

  test('that is completed late, but before it is due, is not told of', async () => {
    const [first, second] = [
      await plan('2026-07-02T18:00:00Z'),
      await plan('2026-07-02T18:00:00Z', { due_at: '2026-07-05T00:00:00Z' }),
    ];
    await complete(first, '2026-07-03T17:59:00Z');
    expect(await missedBy('2026-07-04T23:00:00')).toEqual([]);
    await complete(second, '2026-07-04T23:30:00Z');
    expect(await missedBy('2026-07-06T00:00:00')).toEqual([]);
  });

  test('moves when it is planned anew, and is forgotten when it is called off', async () => {
    const [moved, calledOff] = [await plan('2026-07-02T18:00:00Z'), await plan('2026-07-02T19:00:00Z')];
    await publish('session_planned', { session_id: moved, planned_at: '2026-07-08T18:00:00Z' });
    await publish('session_unplanned', { session_id: calledOff });

    expect(await missedBy('2026-07-08T00:00:00')).toEqual([]);
    expect(await missedBy('2026-07-10T00:00:00')).toMatchObject([
      ['2026-07-09T18:00', { session_id: moved }],
    ]);
  });

  test('counts how many were missed in a row, until the athlete completes one', async () => {
    for (const day of ['02', '03', '05']) {
      await plan(`2026-07-${day}T10:00:00Z`);
    }
    const counts = async (moment: string) =>
      (await missedBy(moment)).map(([, data]) => (data as { missed_in_a_row: number }).missed_in_a_row);

    expect(await counts('2026-07-05T00:00:00')).toEqual([1, 2]);
    await complete(uuidv7(), '2026-07-05T12:00:00Z');
    expect(await counts('2026-07-07T00:00:00')).toEqual([1, 2, 1]);
  });

  test('that was due more than a day before it was planned is left out', async () => {
    await plan('2026-06-29T00:00:00Z');
    await plan('2026-06-29T12:00:00Z');
    expect(await missedBy('2026-07-01T00:00:00')).toMatchObject([['2026-06-30T12:00', {}]]);
  });

  test('of a deleted athlete is not told of', async () => {
    await plan('2026-07-02T18:00:00Z');
    await client.users.deleteUser({ userId });
    expect(await missedBy('2026-07-04T00:00:00')).toEqual([]);
    expect(await account.rows(sql`select from planned_sessions`)).toEqual([]);
  });

  test('is told of once by several schedulers at the same time, for many athletes', async () => {
    const others = await Promise.all(Array.from({ length: 40 }, () => account.addAthlete()));
    await client.events.publishEvents({
      events: others.map((id) => ({
        ...{ id: uuidv7(), type: 'session_planned', userId: id },
        data: { session_id: uuidv7(), planned_at: '2026-07-02T10:00:00Z' },
      })),
    });
    await evaluateAll(account, evaluator);
    time.clock.set('2026-07-04T00:00:00');
    const schedulers = [1, 2, 3].map(() => time.scheduler({ timeCursorPageSize: 7 }, db.open()));
    await Promise.all(
      schedulers.map(async (scheduler) => {
        while (await scheduler.runOnce()) {
          // There is more.
        }
      }),
    );
    const missed = await missedBy('2026-07-04T00:00:00');
    expect(missed).toHaveLength(40);
    expect(missed.every(([, data]) => (data as { missed_in_a_row: number }).missed_in_a_row === 1)).toBe(
      true,
    );
  });

  test('needs its id and its time', async () => {
    for (const [type, fields] of [
      ['session_planned', ['data.session_id', 'data.planned_at']],
      ['session_unplanned', ['data.session_id']],
    ] as const) {
      const result = await publish(type, { day_slug: 'a' });
      expect(result?.error?.fieldViolations.map(({ field }) => field)).toEqual(fields);
    }
  });
});

test('the scheduler reads what is due by index, not all that is planned', async () => {
  await account.rows(sql`
    insert into planned_sessions (account_id, user_id, session_id, planned_at, due_at, detail)
    select ${account.accountId}::uuid, gen_random_uuid(), gen_random_uuid(), now(), '2027-01-01'::timestamptz + n * interval '1 second', '{}'
    from generate_series(1, 20000) n`);
  await account.rows(sql`analyze planned_sessions`);
  await plan('2026-06-30T10:00:00Z');
  time.clock.set('2026-07-03T00:00:00');
  const watched = openWatchedDatabase(db);
  watched.taken();
  await time.scheduler({}, watched.database).runOnce();
  const statement = watched.taken().find((text) => text.includes('delete from planned_sessions'));
  await watched.database.close();

  expect(await looksOf(db.database, `${statement}`, 'planned_sessions')).toEqual([
    expect.stringMatching(/^planned_sessions_by_due: .*due_at/),
    'ModifyTable: undefined',
    expect.stringMatching(/^planned_sessions_pkey: .*session_id/),
  ]);
});
