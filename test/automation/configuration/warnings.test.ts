/** Warnings of valid configurations that are probably not meant. */

import { beforeEach, describe, expect, test } from 'vitest';
import { EnrollmentPolicy } from '../../../src/gen/automation/v1/trigger_pb.ts';
import {
  type AutomationClient,
  createAutomationClient,
  type TriggerInit,
  type WorkflowInit,
} from '../../support/automation.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let client: AutomationClient;
beforeEach(() => {
  client = createAutomationClient(db.database);
});

async function warningsOf(init: WorkflowInit) {
  const { warnings } = await client.workflows.createWorkflow({ name: 'W', ...init });
  return warnings.map(({ reason, metadata }) => [reason, { ...metadata }]);
}

function recurring(cron: string, policy: EnrollmentPolicy = EnrollmentPolicy.MULTIPLE): TriggerInit {
  const recurrence = { case: 'cron' as const, value: cron };
  return {
    triggerEvent: 'recurring_schedule',
    settings: {
      policy,
      time: { schedule: { case: 'recurringSchedule', value: { timeZone: 'UTC', recurrence } } },
    },
  };
}

describe('a schedule without a policy', () => {
  test('warns that each athlete is enrolled once only', async () => {
    const expected = [['RECURRING_ONCE_EVER', { field: 'trigger.settings.policy' }]];
    expect(await warningsOf({ trigger: recurring('0 9 * * *', 0) })).toEqual(expected);
    const time = { schedule: { case: 'birthday', value: { at: '09:00' } } } as const;
    expect(await warningsOf({ trigger: { triggerEvent: 'birthday', settings: { time } } })).toEqual(expected);
  });

  test('does not warn when the policy says ONCE_EVER, or for events that do not recur', async () => {
    expect(await warningsOf({ trigger: recurring('0 9 * * *', 1) })).toEqual([]);
    expect(await warningsOf({ trigger: { triggerEvent: 'session_missed' } })).toEqual([]);
  });
});

describe('a step of a cron text', () => {
  const field = 'trigger.settings.time.recurring_schedule.cron';

  test.each([
    ['*/13 * * * *', ['13']],
    ['0 */5 * * *', ['5']],
    ['0 9 */2 * *', ['2']],
    ['*/7 */9 * * */2', ['7', '9', '2']],
  ])('that does not divide its range, as in %s, warns', async (cron, steps) => {
    expect(await warningsOf({ trigger: recurring(cron) })).toEqual(
      steps.map((step) => ['CRON_STEP_UNEVEN', { field, step }]),
    );
  });

  test.each(['*/15 * * * *', '0 */6 * * *', '0 9 1 */3 *', '10-50/7 9 * * *'])(
    'that divides it, or has a range of its own, as in %s, does not warn',
    async (cron) => {
      expect(await warningsOf({ trigger: recurring(cron) })).toEqual([]);
    },
  );
});

describe('a webhook whose secret did not travel with a copy', () => {
  const secret = `whsec_${Buffer.alloc(24, 'a').toString('base64')}`;
  const hook = (url: string, more: object = {}) =>
    ({ action: { case: 'callWebhook', value: { url, ...more } } }) as const;

  test('is named in the warnings of the copy, until the secret is given', async () => {
    const made = await client.workflows.createWorkflow({
      name: 'Original',
      actions: [hook('https://example.org/plain'), hook('https://example.org/signed', { secret })],
    });
    const { actions } = present(made.workflow);
    expect(made.warnings).toEqual([]);

    const copy = await client.workflows.createWorkflow({ name: 'Copy', actions });
    expect(copy.warnings).toMatchObject([
      { reason: 'WEBHOOK_SECRET_MISSING', metadata: { field: 'actions[1].call_webhook.secret' } },
    ]);
    const { id: workflowId, etag } = present(copy.workflow);
    const again = await client.workflows.updateWorkflow({ workflowId, etag, actions: { actions } });
    expect(again.warnings).toMatchObject([{ metadata: { field: 'actions.actions[1].call_webhook.secret' } }]);
    const settled = await client.workflows.updateWorkflow({
      ...{ workflowId, etag: present(again.workflow).etag },
      actions: { actions: [hook('https://example.org/signed', { secret })] },
    });
    expect(settled.warnings).toEqual([]);
  });

  test('is not named where an update keeps the secret', async () => {
    const made = await client.workflows.createWorkflow({
      name: 'Original',
      actions: [hook('https://example.org/signed', { secret })],
    });
    const { id: workflowId, etag, actions } = present(made.workflow);

    expect(
      (await client.workflows.updateWorkflow({ workflowId, etag, actions: { actions } })).warnings,
    ).toEqual([]);
  });
});
