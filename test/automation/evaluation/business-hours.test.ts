/** Enrollments are queued outside business hours and decided again when business hours begin. */
import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { createReleaser } from '../../../src/automation/evaluation/release-queued-enrollments.ts';
import { VerdictReason } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowEnrollmentState } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { type Instant, instantToText } from '../../../src/values/instant.ts';
import { createAutomationClient } from '../../support/automation.ts';
import { useLongestBackoffs } from '../../support/backoff-share.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type AutomatedAccount,
  allOf,
  createAutomatedAccount,
  DAY,
  evaluateAll,
  evaluatorDeps,
  HOUR,
  logRows,
  NOON,
  SECOND,
  type WorkflowIds,
} from './automated-account.ts';

/** NOON is on a Monday. Tuesday opens at 09:00 in Lisbon, which is UTC in March. */
const TUESDAY = { timeZone: 'Europe/Lisbon', intervals: [{ weekday: 2, opens: '09:00', closes: '10:00' }] };
const OPENING = NOON + 21n * HOUR;
const NOON_TEXT = instantToText(NOON);
const OPENING_TEXT = instantToText(OPENING);
const MULTIPLE = 'ENROLLMENT_POLICY_MULTIPLE';
const VIP = allOf({ field: 'tags', operator: 'contains', value: 'vip' });

const db = useTestDatabase();
let account: AutomatedAccount;
let userId: string;
beforeAll(async () => {});
useLongestBackoffs();
beforeEach(async () => {
  account = await createAutomatedAccount(db.database);
  userId = await account.addAthlete({ tags: ['vip'] });
});

interface Run {
  user_id: string;
  state: string;
  due_at: string | null;
  ended_reason: string | null;
}

function runs(): Promise<Run[]> {
  return account.rows(sql<Run>`
    select user_id, state, due_at, ended_reason from workflow_enrollments order by id`);
}

async function evaluateAt(now: Instant): Promise<void> {
  await evaluateAll(account, createEvaluator(evaluatorDeps(db.database, { clock: () => now })));
}

async function releaseAt(now: Instant): Promise<void> {
  const releaser = createReleaser(evaluatorDeps(db.database, { clock: () => now }));
  while (await releaser.runOnce()) {
    // The next page.
  }
}

/** Creates a workflow with an enrollment that is queued until Tuesday. */
async function queue(settings: Record<string, unknown> = {}, filters: unknown = {}): Promise<WorkflowIds> {
  const ids = await account.addWorkflow({ settings: { businessHours: TUESDAY, ...settings }, filters });
  await account.emit(userId, {});
  await evaluateAll(account);
  expect(await runs()).toMatchObject([{ state: 'QUEUED' }]);
  return ids;
}

describe('an event of a workflow with business hours', () => {
  test('queues the enrollment until business hours begin', async () => {
    await queue();

    expect(await runs()).toMatchObject([{ state: 'QUEUED', due_at: '2026-03-03 09:00:00+00' }]);
    expect(await logRows(account)).toMatchObject([
      {
        matched: true,
        enrolled: false,
        failure_reason: 'OUTSIDE_BUSINESS_HOURS',
        enrollment_id: expect.any(String),
        details: { opens_at: '2026-03-03T09:00:00.000000Z', time_zone: 'Europe/Lisbon' },
      },
    ]);
  });

  test('enrolls at once inside business hours', async () => {
    await account.addWorkflow({ settings: { businessHours: TUESDAY } });
    await account.emit(userId, { at: NOON });
    await evaluateAt(OPENING);

    expect(await runs()).toMatchObject([{ state: 'TRIGGERED' }]);
  });

  test('queues the enrollment when it happened within business hours but is evaluated after them', async () => {
    await account.addWorkflow({ settings: { businessHours: TUESDAY } });
    await account.emit(userId, { at: OPENING });
    await evaluateAt(OPENING + HOUR);

    expect(await runs()).toMatchObject([{ state: 'QUEUED', due_at: '2026-03-10 09:00:00+00' }]);
  });

  test('goes by the time zone of each athlete when its settings say so', async () => {
    const { intervals } = TUESDAY;
    await account.addWorkflow({ settings: { businessHours: { intervals, inAthletesTimeZone: true } } });
    const inTokyo = await account.addAthlete({ time_zone: 'Asia/Tokyo' });
    const inLisbon = await account.addAthlete({ time_zone: 'Europe/Lisbon' });
    const inNewYork = await account.addAthlete({ time_zone: 'America/New_York' });
    for (const each of [inTokyo, inLisbon, inNewYork]) {
      await account.emit(each, {});
    }
    await evaluateAll(account);

    const due = new Map((await runs()).map((run) => [run.user_id, run.due_at]));
    expect([inTokyo, inLisbon, inNewYork].map((each) => due.get(each))).toEqual([
      '2026-03-03 00:00:00+00',
      '2026-03-03 09:00:00+00',
      '2026-03-03 14:00:00+00',
    ]);
    await releaseAt(OPENING);
    const states = new Map((await runs()).map((run) => [run.user_id, run.state]));
    expect([inTokyo, inLisbon, inNewYork].map((each) => states.get(each))).toEqual([
      // Its hour is over.
      'QUEUED',
      'TRIGGERED',
      'QUEUED',
    ]);
  });

  test('counts as an enrollment for later events when it was queued', async () => {
    await queue({ policy: 'ENROLLMENT_POLICY_ONE_ACTIVE' });
    await account.emit(userId, { at: NOON + HOUR });
    await evaluateAll(account);

    expect((await logRows(account)).map((row) => row.failure_reason)).toEqual([
      'OUTSIDE_BUSINESS_HOURS',
      'ALREADY_ENROLLED',
    ]);
  });
});

describe('a queued enrollment', () => {
  test('starts when business hours begin, and not before', async () => {
    await queue({}, VIP);
    await releaseAt(OPENING - 1n);
    expect(await runs()).toMatchObject([{ state: 'QUEUED' }]);
    await releaseAt(OPENING + SECOND);

    expect(await runs()).toEqual([
      { user_id: userId, state: 'TRIGGERED', due_at: '2026-03-03 09:00:01+00', ended_reason: null },
    ]);
  });

  test('keeps the execution log of the verdict that queued it, with its enrollment id', async () => {
    const { workflowId, triggerId } = await queue();
    await releaseAt(OPENING);
    const { triggers, workflows } = createAutomationClient(db.database, { accountId: account.accountId });
    const { executions } = await triggers.listTriggerExecutions({ triggerId });
    const { enrollments } = await workflows.listWorkflowEnrollments({ workflowId });

    const id = executions[0]?.enrollmentId;
    expect(executions).toMatchObject([
      { matched: true, enrolled: false, reason: VerdictReason.OUTSIDE_BUSINESS_HOURS },
    ]);
    expect(enrollments).toMatchObject([{ id, state: WorkflowEnrollmentState.TRIGGERED }]);
  });

  test('stays queued when business hours have already ended at its release', async () => {
    await queue();
    await releaseAt(OPENING + HOUR);

    expect(await runs()).toMatchObject([{ state: 'QUEUED', due_at: '2026-03-10 09:00:00+00' }]);
  });

  test('runs the current versions of the workflow and the trigger when it starts', async () => {
    const ids = await queue();
    await account.rows(sql`insert into workflow_versions
      (account_id, workflow_id, version, name, description, status, actions, action, actor)
      values (${account.accountId}, ${ids.workflowId}, 2, 'A workflow', '', 'ACTIVE', '[]', 'UpdateWorkflow', 'test')`);
    await account.changeWorkflow(ids, { version: 2n });
    await account.changeTrigger(ids, { settings: {} });
    await releaseAt(OPENING);

    expect(
      await account.rows(sql`select state, workflow_version, trigger_version from workflow_enrollments`),
    ).toEqual([{ state: 'TRIGGERED', workflow_version: 2, trigger_version: 2 }]);
  });

  test.each([
    {
      name: 'the athlete opted out',
      change: sql`update users set opted_out_at = now()`,
      reason: 'OPTED_OUT',
    },
    {
      name: 'the athlete is deleted',
      change: sql`update users set deleted_at = now()`,
      reason: 'SUBJECT_DELETED',
    },
    {
      name: 'the filter no longer matches',
      change: sql`update users set tags = '[]'`,
      reason: 'NOT_MATCHED',
    },
    {
      name: 'the athlete has another enrollment',
      change: sql`
        insert into workflow_enrollments (account_id, id, workflow_id, workflow_version, trigger_id, trigger_version,
          user_id, cause, state, enrolled_at, recorded_at, ended_at)
        select account_id, gen_random_uuid(), workflow_id, 1, trigger_id, 1, user_id, cause, 'COMPLETED', now(), now(), now()
        from workflow_enrollments`,
      reason: 'ALREADY_ENROLLED',
    },
    {
      name: 'the loop guard holds the athlete',
      change: sql`insert into workflow_holds (account_id, workflow_id, user_id, held_at, last_event_at)
        select account_id, workflow_id, user_id, ${NOON_TEXT}, ${OPENING_TEXT} from workflow_enrollments`,
      reason: 'LOOP_CYCLE',
    },
  ])('is cancelled when $name', async ({ change, reason }) => {
    await queue({}, VIP);
    await account.rows(change);
    await releaseAt(OPENING);

    const [run] = (await runs()).filter(({ state }) => state !== 'COMPLETED');
    expect(run).toEqual({ user_id: userId, state: 'CANCELLED', due_at: null, ended_reason: reason });
  });

  test.each([
    {
      name: 'the workflow is paused',
      change: { status: 'PAUSED' },
      of: 'changeWorkflow',
      reason: 'TRIGGER_INACTIVE',
    },
    {
      name: 'the trigger is deleted',
      change: { deleted_at: NOON },
      of: 'changeTrigger',
      reason: 'TRIGGER_INACTIVE',
    },
    {
      name: 'the trigger waits for another event',
      change: { trigger_event: 'session_missed' },
      of: 'changeTrigger',
      reason: 'NOT_MATCHED',
    },
  ] as const)('is cancelled when $name', async ({ change, of, reason }) => {
    const ids = await queue();
    await account[of](ids, change);
    await releaseAt(OPENING);

    expect(await runs()).toMatchObject([{ state: 'CANCELLED', ended_reason: reason }]);
  });

  test('is retried with a backoff when its trigger is unreadable, and fails when the attempts are used up', async () => {
    const ids = await queue();
    await account.changeTrigger(ids, { filters: { logic: 'XOR' } });
    await releaseAt(OPENING);
    expect(await runs()).toMatchObject([{ state: 'QUEUED', due_at: '2026-03-03 09:00:02+00' }]);
    for (let day = 1n; day < 8n; day += 1n) {
      await releaseAt(OPENING + day * DAY);
    }

    expect(await runs()).toMatchObject([{ state: 'FAILED', ended_reason: 'ERROR' }]);
  });
});

describe('the cap slot of a queued enrollment', () => {
  const cap = { count: 1, window: '86400s' };
  const capCounts = async () =>
    (await account.rows(sql<{ count: number }>`select count from enrollment_caps order by name`)).map(
      ({ count }) => count,
    );

  test('is held while it is queued and is not taken twice when it starts', async () => {
    await queue({ policy: MULTIPLE, cap });
    await account.emit(await account.addAthlete(), {});
    await evaluateAll(account);
    expect((await logRows(account)).at(-1)?.failure_reason).toBe('CAP_REACHED');
    await releaseAt(OPENING);

    expect(await runs()).toMatchObject([{ state: 'TRIGGERED' }]);
    expect(await capCounts()).toEqual([1]);
  });

  test('is released when the enrollment is cancelled', async () => {
    await queue({ policy: MULTIPLE, cap });
    await account.rows(sql`update users set opted_out_at = now()`);
    await releaseAt(OPENING);
    expect(await capCounts()).toEqual([0]);
    await account.emit(await account.addAthlete(), { at: NOON });
    await evaluateAll(account);

    expect((await logRows(account)).at(-1)?.failure_reason).toBe('OUTSIDE_BUSINESS_HOURS');
  });

  test('is released to other workflows of a shared cap when its workflow is deleted', async () => {
    const shared = { policy: MULTIPLE, cap: { ...cap, name: 'shared', count: 3 } };
    const { workflowId } = await queue(shared);
    await account.emit(await account.addAthlete(), {});
    await account.addWorkflow({ event: 'session_missed', settings: shared });
    await account.emit(userId, { type: 'session_missed' });
    await evaluateAll(account);
    expect(await capCounts()).toEqual([3]);
    const { workflows } = createAutomationClient(db.database, { accountId: account.accountId });
    await workflows.deleteWorkflow({ workflowId });

    expect(await capCounts()).toEqual([1]);
    expect((await runs()).map(({ state }) => state).sort()).toEqual(['CANCELLED', 'CANCELLED', 'TRIGGERED']);
  });

  test('is not released when the enrollment has started and its workflow is deleted', async () => {
    const { workflowId } = await queue({ policy: MULTIPLE, cap: { ...cap, name: 'shared' } });
    await releaseAt(OPENING);
    const { workflows } = createAutomationClient(db.database, { accountId: account.accountId });
    await workflows.deleteWorkflow({ workflowId });

    expect(await runs()).toMatchObject([{ state: 'CANCELLED', ended_reason: 'WORKFLOW_DELETED' }]);
    expect(await capCounts()).toEqual([1]);
  });

  test('moves to the new cap when the trigger changed its cap and the new cap has a free slot', async () => {
    const ids = await queue({ policy: MULTIPLE, cap });
    await account.changeTrigger(ids, { settings: { policy: MULTIPLE, cap: { ...cap, name: 'shared' } } });
    await releaseAt(OPENING);
    expect(await capCounts()).toEqual([0, 1]);

    expect(await runs()).toMatchObject([{ state: 'TRIGGERED' }]);
  });

  test('is lost, and the enrollment cancelled, when the trigger changed its cap and the new cap is full', async () => {
    const shared = { policy: MULTIPLE, cap: { ...cap, name: 'shared' } };
    const ids = await queue({ policy: MULTIPLE, cap });
    await account.addWorkflow({ event: 'session_missed', settings: shared });
    await account.emit(userId, { type: 'session_missed' });
    await evaluateAll(account);
    await account.changeTrigger(ids, { settings: shared });
    await releaseAt(OPENING);

    expect((await runs())[0]).toMatchObject({ state: 'CANCELLED', ended_reason: 'CAP_REACHED' });
    expect(await capCounts()).toEqual([0, 1]);
  });
});
