/** EnrollAthletes: workflows that are started by hand, with a real runner. */

import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { enumName } from '../../../src/calls/enum-name.ts';
import { VerdictReasonSchema } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowEnrollmentState } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { readRows } from '../../store/schema-dump.ts';
import {
  addTag,
  condition,
  createActiveWorkflow,
  createAutomationClient,
  createWorkflow,
  type TriggerInit,
} from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { createTestRunner } from '../actions/runs.ts';
import { createTestClock } from '../actions/test-clock.ts';

const db = useTestDatabase();

function startService() {
  const clock = createTestClock();
  const client = createAutomationClient(db.database, { clock: clock.now });
  const addAthlete = async () => present((await client.users.createUser({ name: 'Ana' })).user).id;
  const enroll = async (workflowId: string, userIds: string[], ignorePolicy = false) => {
    const { results } = await client.workflows.enrollAthletes({ workflowId, userIds, ignorePolicy });
    return results.map(({ reason, runId }) => [enumName(VerdictReasonSchema, reason), runId !== '']);
  };
  const runner = createTestRunner(db.database, { now: clock.now });
  return { clock, client, addAthlete, enroll, runner };
}

/** A filter that matches none of the athletes. */
const NONE = { conditions: [condition('athlete.tags', 'contains', 'none')] };
const trigger = (settings: NonNullable<TriggerInit['settings']> = {}): TriggerInit => ({
  ...{ triggerEvent: 'session_missed', filter: NONE, settings },
});

test('athletes are enrolled whatever the filter says, each is answered, and their runs act', async () => {
  const { client, addAthlete, enroll, runner } = startService();
  const { id: workflowId } = await createActiveWorkflow(client, {
    trigger: trigger(),
    actions: [addTag('called')],
  });
  const userIds = [await addAthlete(), await addAthlete(), await addAthlete()];
  const [first = '', optedOut = '', deleted = ''] = userIds;
  await client.users.updateUser({ userId: optedOut, optedOut: true });
  await client.users.deleteUser({ userId: deleted });

  expect(await enroll(workflowId, [...userIds, crypto.randomUUID()])).toEqual([
    ['ENROLLED', true],
    ['OPTED_OUT', false],
    ['SUBJECT_DELETED', false],
    ['SUBJECT_DELETED', false],
  ]);
  await runner.runAll();
  expect((await client.users.getUser({ userId: first })).user?.tags).toEqual(['called']);
  const { enrollments } = await client.workflows.listWorkflowEnrollments({ workflowId });
  expect(enrollments).toMatchObject([
    { userId: first, eventId: '', state: WorkflowEnrollmentState.COMPLETED },
  ]);
  const { entries } = await client.audit.listAuditEntries({ action: 'EnrollAthletes' });
  expect(entries).toMatchObject([
    { targetId: workflowId, after: { athletes: 4, enrolled: 1, ignoresPolicy: false } },
  ]);
});

test('the policy counts unless the call goes past it', async () => {
  const { client, addAthlete, enroll } = startService();
  const { id: workflowId } = await createActiveWorkflow(client, { trigger: trigger() });
  const userId = await addAthlete();

  expect(await enroll(workflowId, [userId])).toEqual([['ENROLLED', true]]);
  expect(await enroll(workflowId, [userId])).toEqual([['ALREADY_ENROLLED', false]]);
  expect(await enroll(workflowId, [userId], true)).toEqual([['ENROLLED', true]]);
});

test('a cap is shared with events: the athletes beyond it are answered CAP_REACHED', async () => {
  const { client, addAthlete, enroll } = startService();
  const settings = { policy: 3, cap: { count: 2, window: { seconds: 86_400n } } } as const;
  const { id: workflowId } = await createActiveWorkflow(client, { trigger: trigger(settings) });
  const userIds = [await addAthlete(), await addAthlete(), await addAthlete()];

  const answers = await enroll(workflowId, userIds);
  expect(answers.map(([reason]) => reason).toSorted()).toEqual(['CAP_REACHED', 'ENROLLED', 'ENROLLED']);
  const counts = await readRows(
    db.database,
    sql`select count from enrollment_caps where account_id = ${client.accountId}`,
  );
  expect(counts).toEqual([{ count: 2 }]);
});

test('outside business hours the runs wait, and past the policy they start at once', async () => {
  const { client, addAthlete, enroll } = startService();
  // The clock is on a Friday.
  const intervals = [{ weekday: 7, opens: '09:00', closes: '10:00' }];
  const settings = { businessHours: { timeZone: 'UTC', intervals } };
  const { id: workflowId } = await createActiveWorkflow(client, { trigger: trigger(settings) });

  expect(await enroll(workflowId, [await addAthlete()])).toEqual([['OUTSIDE_BUSINESS_HOURS', true]]);
  expect(await enroll(workflowId, [await addAthlete()], true)).toEqual([['ENROLLED', true]]);
});

test('a draft, a foreign workflow, and empty lists and repeated athletes are refused', async () => {
  const { client, addAthlete } = startService();
  const { id: draft } = await createWorkflow(client, { trigger: trigger() });
  const { id: workflowId } = await createActiveWorkflow(client, { trigger: trigger() });
  const userId = await addAthlete();
  const other = createAutomationClient(db.database);

  const enroll = (request: { workflowId: string; userIds: string[] }, by = client) =>
    by.workflows.enrollAthletes(request);
  await expectRefusal(enroll({ workflowId: draft, userIds: [userId] }), 'WORKFLOW_NOT_ACTIVE');
  await expectRefusal(enroll({ workflowId, userIds: [userId] }, other), 'WORKFLOW_NOT_FOUND');
  await expectRefusal(enroll({ workflowId, userIds: [] }), 'VALIDATION_FAILED');
  await expectRefusal(enroll({ workflowId, userIds: [userId, userId] }), 'VALIDATION_FAILED');
});
