/** Time triggers from end to end: configured over the wire, scheduled, evaluated. */
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Evaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { EnrollmentPolicy } from '../../../src/gen/automation/v1/trigger_pb.ts';
import { FieldType } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { type AutomationClient, addTag, condition, createActiveWorkflow } from '../../support/automation.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { type AutomatedAccount, evaluateAll, loggedReasons } from '../evaluation/automated-account.ts';
import { birthday, daily, type Schedule, type TimeAccount } from './time-fixtures.ts';
import { createTimedAccount } from './timed-account.ts';

const db = useTestDatabase();

let account: AutomatedAccount;
let time: TimeAccount;
let client: AutomationClient;
let evaluator: Evaluator;
beforeEach(async () => {
  ({ account, time, client, evaluator } = await createTimedAccount(db.database));
});

async function startWorkflow(triggerEvent: string, schedule: Schedule, filter = {}) {
  return createActiveWorkflow(client, {
    trigger: { triggerEvent, filter, settings: { policy: EnrollmentPolicy.MULTIPLE, time: { schedule } } },
    actions: [addTag('greeted')],
  });
}

async function createUser(values: object): Promise<string> {
  const { user } = await client.users.createUser({ name: 'Ana', ...values });
  return `${user?.id}`;
}

/** Until nothing is due and nothing waits, as of then. */
async function pass(text: string): Promise<void> {
  time.clock.set(text);
  do {
    await time.runAll();
  } while ((await evaluateAll(account, evaluator)) > 0);
}

async function enrolledAt(): Promise<string[]> {
  const rows = await account.rows(sql<{ at: string }>`
    select to_char(enrolled_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI') as at
    from workflow_enrollments where account_id = ${account.accountId} order by enrolled_at`);
  return rows.map(({ at }) => at);
}

describe('a birthday', () => {
  test('enrolls athletes from before and after the activation of the workflow, each year', async () => {
    await createUser({ birthDate: '1990-07-15', timeZone: 'Asia/Tokyo' });
    await startWorkflow('birthday', birthday());
    await pass('2026-07-01T00:00:01');
    await createUser({ birthDate: '1991-07-16' });
    await pass('2026-07-02');
    await pass('2026-07-15T00:00:00');
    await pass('2026-07-16T09:00:00');
    expect(await enrolledAt()).toEqual(['2026-07-15T00:00', '2026-07-16T09:00']);

    await pass('2027-07-15T00:00:00');
    expect((await enrolledAt()).at(-1)).toBe('2027-07-15T00:00');
  });

  test('enrolls once when a move repeats the day', async () => {
    const userId = await createUser({ birthDate: '1990-07-15', timeZone: 'Asia/Tokyo' });
    await startWorkflow('birthday', birthday());
    await pass('2026-07-15T00:00:00');
    await client.users.updateUser({ userId, timeZone: 'America/Los_Angeles' });
    await pass('2026-07-15T16:00:00');
    await pass('2026-07-15T16:00:01');

    expect(await enrolledAt()).toEqual(['2026-07-15T00:00']);
    expect(await time.cursors()).toEqual([`${userId} 2027 2027-07-15T16:00`]);
  });

  test('that is too late is in the log as missed', async () => {
    await createUser({ birthDate: '1990-07-15' });
    await startWorkflow('birthday', birthday());
    await pass('2026-07-02');
    await pass('2026-07-16T09:00:01');

    expect(await enrolledAt()).toEqual([]);
    expect(await loggedReasons(account)).toEqual(['MISSED']);
  });

  test('while the workflow is paused does not fire later', async () => {
    await createUser({ birthDate: '1990-07-15' });
    const { id: workflowId } = await startWorkflow('birthday', birthday());
    await pass('2026-07-14');
    await client.workflows.pauseWorkflow({ workflowId });
    await pass('2026-07-15T10:00:00');
    await client.workflows.activateWorkflow({ workflowId });
    await pass('2026-07-15T10:00:01');

    expect(await enrolledAt()).toEqual([]);
    expect(await loggedReasons(account)).toEqual([]);
    expect(await time.cursors()).toEqual([expect.stringContaining('2027 2027-07-15T09:00')]);
  });
});

test('a scheduled date follows the athlete’s attribute', async () => {
  await client.triggers.defineField({ field: { path: 'custom.race_on', type: FieldType.DATE } });
  const userId = await createUser({ attributes: { race_on: '2026-07-20' } });
  await startWorkflow('scheduled_date', {
    case: 'scheduledDate',
    value: { field: 'custom.race_on', offsetDays: -7, at: '18:00' },
  });
  await pass('2026-07-02');
  await client.users.updateUser({ userId, attributes: { race_on: '2026-07-25' } });
  await pass('2026-07-13T18:00:00');
  expect(await enrolledAt()).toEqual([]);

  await pass('2026-07-18T18:00:00');
  expect(await enrolledAt()).toEqual(['2026-07-18T18:00']);
});

test('a recurring schedule enrolls the athletes that its filter matches, each time', async () => {
  await createUser({ tags: ['vip'] });
  await createUser({});
  await startWorkflow('recurring_schedule', daily('06:00', 'Europe/Berlin'), {
    conditions: [condition('tags', 'contains', 'vip')],
  });
  await pass('2026-07-01T04:00:00');
  await pass('2026-07-02T04:00:00');

  expect(await enrolledAt()).toEqual(['2026-07-01T04:00', '2026-07-02T04:00']);
});
