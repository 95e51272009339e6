/** Runs as callers see them. */
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, describe, expect, test } from 'vitest';
import { StepOutcome, WorkflowEnrollmentState } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import type { Database } from '../../../src/store/database.ts';
import { type Instant, instantFromTimestamp, instantToText } from '../../../src/values/instant.ts';
import { createAutomationClient } from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { createAthlete } from '../../support/fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { type ActionInit, createTestRunner, insertRun, insertWorkflow } from './runs.ts';
import { createTestClock, START } from './test-clock.ts';

const db = useTestDatabase();
let database: Database;
beforeAll(() => {
  database = db.database;
});

const ACTIONS: readonly ActionInit[] = [
  { case: 'addTag', value: { tag: 'vip' } },
  { case: 'removeTag', value: { tag: 'old' } },
  { case: 'wait', value: { wait: { case: 'duration', value: { seconds: 60n } } } },
  { case: 'scaleLiftMax', value: { maxType: 1, factor: '0.9' } },
];

const textOf = (at: { seconds: bigint; nanos: number } | undefined) =>
  at && instantToText(instantFromTimestamp(at) as Instant);

test('a run is listed with its steps, from its start to its end', async () => {
  const clock = createTestClock();
  const athlete = await createAthlete(database, { lifts: {}, enrolled: false });
  const { workflows } = createAutomationClient(database, { accountId: athlete.accountId });
  const made = await insertRun(database, { ...athlete, actions: ACTIONS, now: clock.now });
  const read = async () => (await workflows.listWorkflowEnrollments({})).enrollments[0];
  const { TRIGGERED, ACTIVE, FAILED } = WorkflowEnrollmentState;
  const { DONE, NO_CHANGE, WAITING } = StepOutcome;

  expect(await read()).toMatchObject({
    ...{ id: made.enrollmentId, workflowId: made.workflowId, workflowVersion: 1 },
    ...{ userId: made.userId, eventId: made.eventId, state: TRIGGERED, nextStep: 0, steps: [] },
  });
  expect((await read())?.endedAt).toBeUndefined();

  await createTestRunner(database, clock).runAll();
  const waiting = await read();
  expect(waiting).toMatchObject({
    state: ACTIVE,
    nextStep: 2,
    steps: [
      { step: 0, action: 'add_tag', outcome: DONE, attempts: 1, reason: '' },
      { step: 1, action: 'remove_tag', outcome: NO_CHANGE },
      { step: 2, action: 'wait', outcome: WAITING },
    ],
  });
  expect(textOf(waiting?.dueAt)).toBe('2026-11-20T12:01:00.000000Z');
  expect(textOf(waiting?.steps[0]?.executedAt)).toBe(START);

  clock.advance(60_000);
  await createTestRunner(database, clock).runAll();
  const ended = await read();
  expect(ended).toMatchObject({
    state: FAILED,
    endedReason: 'NOT_ENROLLED',
    nextStep: 3,
    steps: [{}, {}, { outcome: DONE }, { outcome: StepOutcome.FAILED, reason: 'NOT_ENROLLED' }],
  });
  expect(ended?.dueAt).toBeUndefined();
  expect(textOf(ended?.endedAt)).toBe('2026-11-20T12:01:00.000000Z');
});

describe('a list', () => {
  async function createRuns() {
    const clock = createTestClock();
    const athlete = await createAthlete(database, { lifts: {}, enrolled: false });
    const other = await createAthlete(database, { lifts: {}, enrolled: false, accountId: athlete.accountId });
    const workflowId = await insertWorkflow(database, athlete.accountId, ACTIONS);
    const made: string[] = [];
    for (const { userId } of [athlete, other, athlete, other]) {
      const { accountId } = athlete;
      const fixture = { accountId, userId, workflowId, actions: ACTIONS, now: clock.now };
      made.unshift((await insertRun(database, fixture)).enrollmentId);
      clock.advance(1_000);
    }
    const foreign = await insertRun(database, { ...athlete, actions: ACTIONS, now: clock.now });
    return { athlete, other, workflowId, made, foreign };
  }

  test('is ordered newest first, page by page', async () => {
    const { athlete, workflowId, made } = await createRuns();
    const { workflows } = createAutomationClient(database, { accountId: athlete.accountId });

    const first = await workflows.listWorkflowEnrollments({ workflowId, pageSize: 3 });
    const { nextPageToken: pageToken } = first;
    const second = await workflows.listWorkflowEnrollments({ workflowId, pageSize: 3, pageToken });

    expect([...first.enrollments, ...second.enrollments].map(({ id }) => id)).toEqual(made);
    expect([first.totalSize, second.totalSize, second.nextPageToken]).toEqual([4, 4, '']);
    await expectRefusal(workflows.listWorkflowEnrollments({ pageToken }), 'PAGE_TOKEN_INVALID');
  });

  test('can be filtered by workflow, athlete and state', async () => {
    const { athlete, other, workflowId, made, foreign } = await createRuns();
    const { workflows } = createAutomationClient(database, { accountId: athlete.accountId });
    const idsOf = async (request: Parameters<typeof workflows.listWorkflowEnrollments>[0]) =>
      (await workflows.listWorkflowEnrollments(request)).enrollments.map(({ id }) => id);

    expect(await idsOf({})).toEqual([foreign.enrollmentId, ...made]);
    expect(await idsOf({ workflowId })).toEqual(made);
    expect(await idsOf({ userId: other.userId })).toEqual([made[0], made[2]]);
    expect(await idsOf({ workflowId, userId: athlete.userId })).toEqual([made[1], made[3]]);
    expect(await idsOf({ state: WorkflowEnrollmentState.TRIGGERED })).toHaveLength(5);
    expect(await idsOf({ state: WorkflowEnrollmentState.COMPLETED })).toEqual([]);
  });

  test('has nothing of other accounts, whose workflows are unknown', async () => {
    const { workflowId } = await createRuns();
    const { workflows } = createAutomationClient(database);

    expect(await workflows.listWorkflowEnrollments({})).toMatchObject({ enrollments: [], totalSize: 0 });
    await expectRefusal(workflows.listWorkflowEnrollments({ workflowId }), 'WORKFLOW_NOT_FOUND');
    await expectRefusal(workflows.listWorkflowEnrollments({ workflowId: uuidv7() }), 'WORKFLOW_NOT_FOUND');
  });
});
