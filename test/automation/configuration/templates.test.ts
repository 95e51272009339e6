/** Ready-made workflows: each can be made and started, and is validated like any other. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Template, WorkflowStatus } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { type AutomationClient, createAutomationClient } from '../../support/automation.ts';
import { activityOf, isScheduled } from '../../support/automation-state.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { createLifts, createProgram, present } from '../../support/catalog-fixtures.ts';
import { expectRefusedUnchanged } from '../../support/expect-unchanged.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let client: AutomationClient;
/** What the parameters without a default value are given. */
let given: Record<string, string>;
beforeAll(async () => {});
beforeEach(async () => {
  client = createAutomationClient(db.database);
  const [program, next] = [
    await createProgram(client, { slug: 'first' }),
    await createProgram(client, { slug: 'second' }),
  ];
  given = {
    lift_id: (await createLifts(client, 'squat')).squat,
    program_id: program.id,
    next_program_id: next.id,
    webhook_url: 'https://example.org/hook',
  };
});

const requiredOf = ({ parameters }: Template) =>
  Object.fromEntries(
    parameters
      .filter(({ name, defaultValue }) => defaultValue === '' && name in given)
      .map(({ name }) => [name, `${given[name]}`]),
  );

const SLUGS = [
  'drop-off-rescue',
  'missed-sessions-deload',
  'missed-session-follow-up',
  'amrap-raise-max',
  'next-program',
  'no-show-tag',
  'birthday-note',
  'payment-failed-leave',
  'personal-record-notify',
];

async function templateOf(slug: string): Promise<Template> {
  const { templates } = await client.workflows.listTemplates({});
  return present(templates.find((each) => each.slug === slug));
}

describe('ListTemplates', () => {
  it('has each template, with its parameters and the workflow with their default values', async () => {
    const { templates } = await client.workflows.listTemplates({});
    expect(templates.map(({ slug }) => slug)).toEqual(SLUGS);
    const deload = await templateOf('missed-sessions-deload');
    expect(deload.parameters.map(({ name, defaultValue }) => [name, defaultValue])).toEqual([
      ['missed', '2'],
      ['factor', '0.9'],
      ['max_type', 'MAX_TYPE_TRAINING_MAX'],
      ['round_to', '2.5'],
    ]);
    expect(deload).toMatchObject({
      trigger: {
        triggerEvent: 'session_missed',
        filter: { conditions: [{ field: 'missed_in_a_row', value: { kind: { value: '2' } } }] },
      },
      actions: [{ action: { case: 'scaleLiftMax', value: { factor: '0.9', roundTo: '2.5' } } }],
    });
    expect(await templateOf('next-program')).toMatchObject({
      actions: [{ action: { value: { programId: '' } } }],
    });
  });
});

describe('CreateWorkflowFromTemplate', () => {
  it.each(SLUGS)('creates a workflow from %s that can be activated', async (slug) => {
    const template = await templateOf(slug);
    const made = await client.workflows.createWorkflowFromTemplate({
      template: slug,
      parameters: requiredOf(template),
    });

    const workflow = present(made.workflow);
    expect(workflow).toMatchObject({ name: template.name, status: WorkflowStatus.DRAFT, version: 1 });
    expect(made.warnings).toEqual([]);
    const { workflow: active } = await client.workflows.activateWorkflow({ workflowId: workflow.id });
    expect(active?.status).toBe(WorkflowStatus.ACTIVE);
    const triggerId = `${workflow.trigger?.id}`;
    expect(await activityOf(db.database, triggerId)).toEqual(['open']);
    expect(await isScheduled(db.database, triggerId)).toBe(
      ['birthday-note', 'drop-off-rescue'].includes(slug),
    );
  });

  it('uses the given parameters', async () => {
    const { workflow } = await client.workflows.createWorkflowFromTemplate({
      template: 'no-show-tag',
      name: 'Three strikes',
      parameters: { no_shows: '3', tag: 'strikes' },
      tags: ['front desk'],
    });
    expect(workflow).toMatchObject({
      ...{ name: 'Three strikes', tags: ['front desk'] },
      trigger: { filter: { conditions: [{ field: 'no_shows', value: { kind: { value: '3' } } }] } },
      actions: [{ action: { case: 'addTag', value: { tag: 'strikes' } } }],
    });
  });

  const FAULTS: readonly [template: string, parameters: () => Record<string, string>, fields: string[]][] = [
    ['next-program', () => ({}), ['parameters["program_id"]', 'parameters["next_program_id"]']],
    ['birthday-note', () => ({ webhook_url: '' }), ['parameters["webhook_url"]']],
    ['no-show-tag', () => ({ colour: 'red' }), ['parameters']],
    ['no-show-tag', () => ({ no_shows: 'twice', tag: ' ' }), ['parameters["tag"]', 'parameters["no_shows"]']],
    [
      'missed-sessions-deload',
      () => ({ factor: '0', round_to: '-1' }),
      ['parameters["factor"]', 'parameters["round_to"]'],
    ],
    ['missed-sessions-deload', () => ({ max_type: 'TWO_RM' }), ['parameters["max_type"]']],
    ['amrap-raise-max', () => ({ lift_id: 'squat' }), ['parameters["lift_id"]']],
    [
      'next-program',
      () => ({ program_id: `${given.program_id}`, next_program_id: `${given.lift_id}` }),
      ['parameters["next_program_id"]'],
    ],
    [
      'missed-session-follow-up',
      () => ({ webhook_url: `${given.webhook_url}`, days: 'three', tag: ' ', unknown_tag: '' }),
      ['parameters["days"]', 'parameters["tag"]'],
    ],
    ['birthday-note', () => ({ webhook_url: 'http://example.org' }), ['parameters["webhook_url"]']],
    ['birthday-note', () => ({ webhook_url: `${given.webhook_url}`, at: '25:00' }), ['parameters["at"]']],
    ['payment-failed-leave', () => ({ status: 'ACTIVE' }), ['parameters["status"]']],
    ['payment-failed-leave', () => ({ reason: 'a\0b' }), ['parameters["reason"]']],
  ];

  it.each(FAULTS)('refuses invalid parameters of %s', async (template, parameters, fields) => {
    const call = () => client.workflows.createWorkflowFromTemplate({ template, parameters: parameters() });
    await expectRefusedUnchanged(db.database, call, 'VALIDATION_FAILED', fields);
  });

  it('refuses unknown templates', async () => {
    for (const template of ['', 'no-show', 'constructor']) {
      await expectRefusal(client.workflows.createWorkflowFromTemplate({ template }), 'TEMPLATE_NOT_FOUND');
    }
  });
});
