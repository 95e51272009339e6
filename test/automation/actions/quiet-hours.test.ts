/** With quiet hours, the steps of a run act within business hours only. */
import { expect, test } from 'vitest';
import type { WebhookAnswer, WebhookPort } from '../../../src/automation/actions/webhook-port.ts';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { createReleaser } from '../../../src/automation/evaluation/release-queued-enrollments.ts';
import { StepOutcome } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { type Instant, instantFromText } from '../../../src/values/instant.ts';
import {
  addTag,
  createActiveWorkflow,
  createAutomationClient,
  onTag,
  type WorkflowInit,
} from '../../support/automation.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { evaluatorDeps } from '../evaluation/automated-account.ts';
import { createTestRunner } from './runs.ts';

const db = useTestDatabase();

/** Friday, 2026-11-27, 16:00 in Berlin. */
const FRIDAY = instantFromText('2026-11-27T15:00:00Z');
const WEEKDAYS = {
  timeZone: 'Europe/Berlin',
  intervals: [1, 2, 3, 4, 5].map((weekday) => ({ weekday, opens: '09:00', closes: '17:00' })),
};
const wait = (hours: number) =>
  ({
    action: {
      case: 'wait',
      value: { wait: { case: 'duration', value: { seconds: BigInt(hours) * 3600n } } },
    },
  }) as const;

/** A service with workers, whose clock the test sets. */
function startService(webhooks?: WebhookPort) {
  let now = FRIDAY;
  const clock = () => now;
  const client = createAutomationClient(db.database, { clock });
  const deps = evaluatorDeps(db.database, { clock });
  const [evaluator, releaser] = [createEvaluator(deps), createReleaser(deps)];
  const runner = createTestRunner(db.database, { now: clock, ...(webhooks ? { webhooks } : {}) });
  return {
    client,
    async workAt(at: Instant | string) {
      now = typeof at === 'string' ? instantFromText(at) : at;
      await evaluator.evaluatePartitions(client.accountId, [...Array(32).keys()]);
      await releaser.runOnce();
      await runner.runAll();
    },
  };
}

type Settings = { readonly quietHours: boolean; readonly inAthletesTimeZone?: boolean };

async function startRun(
  { client, workAt }: ReturnType<typeof startService>,
  { quietHours, inAthletesTimeZone = false }: Settings,
  actions: WorkflowInit['actions'] = [wait(2), addTag('greeted')],
) {
  const businessHours = inAthletesTimeZone ? { ...WEEKDAYS, timeZone: '', inAthletesTimeZone } : WEEKDAYS;
  const settings = { configuration: { tag: 'new' }, businessHours, quietHours };
  const { id: workflowId } = await createActiveWorkflow(client, {
    trigger: onTag('new', { settings }),
    actions,
  });
  const { user } = await client.users.createUser({ name: 'Ana', timeZone: 'Europe/Berlin' });
  const userId = user?.id ?? '';
  await client.users.updateUser({ userId, addTags: ['new'] });
  await workAt(FRIDAY);
  return {
    userId,
    tags: async () => (await client.users.getUser({ userId })).user?.tags,
    run: async () => (await client.workflows.listWorkflowEnrollments({ workflowId })).enrollments[0],
  };
}

test('a step after a wait acts when business hours begin', async () => {
  const service = startService();
  const { tags, run } = await startRun(service, { quietHours: true });

  await service.workAt('2026-11-27T17:00:00Z');
  expect(await tags()).toEqual(['new']);
  expect(await run()).toMatchObject({
    nextStep: 1,
    dueAt: { seconds: BigInt(Date.parse('2026-11-30T08:00:00Z') / 1000) },
    steps: [
      { action: 'wait', outcome: StepOutcome.DONE },
      { action: 'add_tag', outcome: StepOutcome.WAITING, reason: 'OUTSIDE_BUSINESS_HOURS' },
    ],
  });
  await service.workAt('2026-11-30T08:00:00Z');
  expect(await tags()).toEqual(['new', 'greeted']);
  expect((await run())?.steps[1]).toMatchObject({ outcome: StepOutcome.DONE, reason: '', attempts: 1 });
});

test('a step after a wait acts at once without quiet hours', async () => {
  const service = startService();
  const { tags } = await startRun(service, { quietHours: false });

  await service.workAt('2026-11-27T17:00:00Z');
  expect(await tags()).toEqual(['new', 'greeted']);
});

test('the hours of a step are those of the time zone that the athlete has when it acts', async () => {
  const service = startService();
  const { userId, tags, run } = await startRun(service, { quietHours: true, inAthletesTimeZone: true });

  await service.client.users.updateUser({ userId, timeZone: 'America/New_York' });
  // 12:00 in New York, 18:00 in Berlin.
  await service.workAt('2026-11-27T17:00:00Z');
  expect(await tags()).toEqual(['new', 'greeted']);
  expect((await run())?.endedReason).toBe('');
});

test('a webhook is not sent again outside business hours, and its attempts stay counted', async () => {
  const sent: Instant[] = [];
  const answers: WebhookAnswer[] = [
    { kind: 'TRY_AGAIN', reason: 'WEBHOOK_UNAVAILABLE' },
    { kind: 'ACCEPTED' },
  ];
  const service = startService({
    post: async ({ timestampS }) => {
      sent.push(BigInt(timestampS) * 1_000_000n);
      return answers.shift() as WebhookAnswer;
    },
  });
  const webhook = { action: { case: 'callWebhook', value: { url: 'https://example.com/hook' } } } as const;
  const { run } = await startRun(service, { quietHours: true }, [webhook]);
  expect(sent).toEqual([FRIDAY]);

  await service.workAt('2026-11-27T17:00:00Z');
  expect((await run())?.steps).toMatchObject([
    { outcome: StepOutcome.WAITING, attempts: 1, reason: 'OUTSIDE_BUSINESS_HOURS' },
  ]);
  const monday = instantFromText('2026-11-30T08:00:00Z');
  await service.workAt(monday);
  expect(sent).toEqual([FRIDAY, monday]);
  expect((await run())?.steps).toMatchObject([{ outcome: StepOutcome.DONE, attempts: 2 }]);
});
