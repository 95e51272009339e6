/** Workflows as files: exported from one account, and imported into another. */
import { fromJson, type JsonValue, toJson } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, it } from 'vitest';
import { enumName } from '../../../../src/calls/enum-name.ts';
import {
  ReferenceKind,
  ReferenceKindSchema,
  type WorkflowFile,
  WorkflowFileSchema,
  WorkflowStatus,
} from '../../../../src/gen/automation/v1/workflow_service_pb.ts';
import { MaxType } from '../../../../src/gen/progression/v1/common_pb.ts';
import {
  type AutomationClient,
  addTag,
  condition,
  createAutomationClient,
  createWorkflow,
} from '../../../support/automation.ts';
import { expectRefusal } from '../../../support/catalog-client.ts';
import {
  createLifts,
  createProgram,
  createProgression,
  createUser,
  LINEAR,
  present,
} from '../../../support/catalog-fixtures.ts';
import { expectRefusedUnchanged, expectUnchanged } from '../../../support/expect-unchanged.ts';
import { useTestDatabase } from '../../../support/test-database.ts';

const db = useTestDatabase();
const environment = { SECRETS_KEY: Buffer.alloc(32, 'k').toString('base64') };
let source: AutomationClient;
let target: AutomationClient;
beforeEach(() => {
  source = createAutomationClient(db.database, { environment });
  target = createAutomationClient(db.database, { environment });
});

const SECRET = `whsec_${Buffer.alloc(24, 's').toString('base64')}`;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-/i;

/** What a workflow can name. */
async function createThings(client: AutomationClient) {
  const { squat } = await createLifts(client, 'squat');
  const program = await createProgram(client, { slug: 'base' });
  const rule = await createProgression(client, LINEAR, 'Add a little');
  const other = await createWorkflow(client, { name: 'The other' });
  return { squat, programId: program.id, ruleId: rule.id, otherId: other.id };
}

const enroll = (programId: string) =>
  ({ action: { case: 'enrollInProgram', value: { programId } } }) as const;
const scale = (liftId: string) => {
  const value = { liftId, maxType: MaxType.TRAINING_MAX, factor: '0.9' };
  return { action: { case: 'scaleLiftMax', value } } as const;
};

/** A workflow that names each of the things, and an athlete. */
async function createNaming(
  client: AutomationClient,
  { squat, programId, ruleId, otherId }: Awaited<ReturnType<typeof createThings>>,
) {
  const userId = await createUser(client);
  return createWorkflow(client, {
    name: 'Everything',
    description: `After ${otherId}`,
    tags: ['care'],
    actions: [
      enroll(programId),
      scale(squat),
      { action: { case: 'applyProgression', value: { progressionId: ruleId, liftId: squat } } },
      {
        action: {
          case: 'callWebhook',
          value: { url: 'https://example.org/hook', secret: SECRET, data: { [squat]: [squat] } },
        },
      },
    ],
    exits: [
      { eventType: 'run_completed', filter: { conditions: [condition('workflow_id', 'equals', otherId)] } },
    ],
    trigger: {
      triggerEvent: 'lift_max_changed',
      filter: {
        conditions: [condition('lift_id', 'in', [squat]), condition('athlete.id', 'not_equals', userId)],
      },
      settings: { priority: 2 },
    },
  });
}

/** Through JSON, as a file on a disk is. */
async function exportFile(client: AutomationClient, workflowId: string): Promise<WorkflowFile> {
  const { file } = await client.workflows.exportWorkflow({ workflowId });
  return fromJson(WorkflowFileSchema, JSON.parse(JSON.stringify(toJson(WorkflowFileSchema, present(file)))));
}

describe('ExportWorkflow', () => {
  it('has slugs and names in place of ids, and no secret', async () => {
    const { id } = await createNaming(source, await createThings(source));
    const file = await exportFile(source, id);

    const text = JSON.stringify(toJson(WorkflowFileSchema, file));
    expect(text).not.toMatch(UUID);
    expect(text).not.toContain('whsec_');
    expect(
      file.references.map(({ token, kind, key }) => [token, enumName(ReferenceKindSchema, kind), key]).sort(),
    ).toEqual([
      ['<athlete:1>', 'ATHLETE', ''],
      ['<lift:squat>', 'LIFT', 'squat'],
      ['<program:base>', 'PROGRAM', 'base'],
      ['<progression:1>', 'PROGRESSION', 'Add a little'],
      ['<workflow:1>', 'WORKFLOW', 'The other'],
    ]);
    expect(file).toMatchObject({
      ...{ format: 1, name: 'Everything', description: 'After <workflow:1>', tags: ['care'] },
      actions: [
        enroll('<program:base>'),
        scale('<lift:squat>'),
        {},
        {
          action: {
            value: { secret: '', hasSecret: true, data: { '<lift:squat>': ['<lift:squat>'] } },
          },
        },
      ],
      trigger: { triggerEvent: 'lift_max_changed', settings: { priority: 2 } },
    });
  });

  it('leaves ids alone that are not of the account', async () => {
    const url = 'https://example.org/0198c2a4-6f0c-7c1c-9a58-8d1d6c2d6e12';
    const { id } = await createWorkflow(source, {
      actions: [{ action: { case: 'callWebhook', value: { url } } }],
    });

    expect(await exportFile(source, id)).toMatchObject({
      actions: [{ action: { value: { url } } }],
      references: [],
    });
  });

  it('tells a deleted lift from another one with its slug', async () => {
    const { squat } = await createLifts(source, 'squat');
    const { id } = await createWorkflow(source, { actions: [scale(squat)] });
    await source.programs.deleteLift({ liftId: squat });
    const { squat: again } = await createLifts(source, 'squat');
    const { etag } = present((await source.workflows.getWorkflow({ workflowId: id })).workflow);
    const exits = [
      { eventType: 'lift_max_changed', filter: { conditions: [condition('lift_id', 'equals', again)] } },
    ];
    await source.workflows.updateWorkflow({ workflowId: id, etag, exits: { exits } });

    const { references } = await exportFile(source, id);
    expect(references.map(({ token }) => token)).toEqual(['<lift:squat>', '<lift:squat:2>']);
  });
});

describe('ImportWorkflow', () => {
  it('makes a draft with the things of its own account', async () => {
    const made = await createNaming(source, await createThings(source));
    const file = await exportFile(source, made.id);
    const { squat, programId, ruleId, otherId } = await createThings(target);
    const userId = await createUser(target);
    const mapping = { '<athlete:1>': userId.toUpperCase() };
    const { workflow, warnings, missing } = await target.workflows.importWorkflow({
      file,
      mapping,
      name: 'Mine',
    });

    expect(missing).toEqual([]);
    expect(workflow).toMatchObject({
      ...{ name: 'Mine', description: `After ${otherId}`, status: WorkflowStatus.DRAFT, version: 1 },
      actions: [
        enroll(programId),
        scale(squat),
        { action: { value: { progressionId: ruleId, liftId: squat } } },
        { action: { value: { hasSecret: false, data: { [squat]: [squat] } } } },
      ],
      exits: [{ filter: { conditions: [condition('workflow_id', 'equals', otherId)] } }],
      trigger: {
        filter: {
          conditions: [condition('lift_id', 'in', [squat]), condition('athlete.id', 'not_equals', userId)],
        },
      },
    });
    expect(warnings.map(({ reason, metadata }) => [reason, metadata.field])).toContainEqual([
      'WEBHOOK_SECRET_MISSING',
      'file.actions[3].call_webhook.secret',
    ]);
    // The file of the copy is the file.
    expect(await exportFile(target, `${workflow?.id}`)).toMatchObject({
      ...{ exits: file.exits, trigger: file.trigger, references: file.references },
    });
  });

  it('answers what is missing with validate_only, and is refused without it', async () => {
    const made = await createNaming(source, await createThings(source));
    const file = await exportFile(source, made.id);
    await createLifts(target, 'squat');
    await createWorkflow(target, { name: 'The other' });
    await createWorkflow(target, { name: 'The other' });
    const answer = await expectUnchanged(db.database, () =>
      target.workflows.importWorkflow({ file, validateOnly: true }),
    );

    const missing = file.references.filter(({ kind }) => kind !== ReferenceKind.LIFT);
    expect(answer.missing).toEqual(missing);
    expect(answer.workflow).toBeUndefined();
    const paths = missing.map((each) => `file.references[${file.references.indexOf(each)}]`);
    await expectRefusedUnchanged(
      db.database,
      () => target.workflows.importWorkflow({ file }),
      'VALIDATION_FAILED',
      paths,
    );
  });

  it('with validate_only and nothing missing answers the workflow, and stores none', async () => {
    const { id } = await createWorkflow(source, { actions: [addTag('x')] });
    const file = await exportFile(source, id);
    await createUser(target);
    const { workflow } = await expectUnchanged(db.database, () =>
      target.workflows.importWorkflow({ file, validateOnly: true }),
    );

    expect(workflow).toMatchObject({ name: 'A workflow', actions: [addTag('x')] });
  });

  it('takes mapped things before those of the slug', async () => {
    const { squat } = await createLifts(source, 'squat');
    const { id } = await createWorkflow(source, { actions: [scale(squat)] });
    const file = await exportFile(source, id);
    const { 'front-squat': front } = await createLifts(target, 'squat', 'front-squat');
    const mapping = { '<lift:squat>': front };

    const { workflow } = await target.workflows.importWorkflow({ file, mapping });
    expect(workflow?.actions).toMatchObject([scale(front)]);
  });

  it('refuses a mapping that is none', async () => {
    const { squat } = await createLifts(source, 'squat');
    const { id } = await createWorkflow(source, { actions: [scale(squat)] });
    const file = await exportFile(source, id);
    await createLifts(target, 'squat');
    const program = await createProgram(target);
    const importWith = (mapping: Record<string, string>) => () =>
      target.workflows.importWorkflow({ file, mapping });

    // Of another account, of another kind, no id, and no token.
    for (const liftId of [squat, program.id, 'squat']) {
      await expectRefusedUnchanged(db.database, importWith({ '<lift:squat>': liftId }), 'VALIDATION_FAILED', [
        'mapping["<lift:squat>"]',
      ]);
    }
    const unknown = importWith({ '<lift:bench>': program.id });
    await expectRefusedUnchanged(db.database, unknown, 'VALIDATION_FAILED', ['mapping["<lift:bench>"]']);
  });

  it('names the secrets that the account lacks', async () => {
    await source.workflows.setSecret({ name: 'api_token', value: 'hush' });
    const headers = [{ name: 'authorization', value: 'Bearer {{ secrets.api_token }}' }];
    const value = { url: 'https://example.org/hook', headers };
    const { id } = await createWorkflow(source, { actions: [{ action: { case: 'callWebhook', value } }] });
    const file = await exportFile(source, id);

    expect(JSON.stringify(toJson(WorkflowFileSchema, file))).not.toContain('hush');
    const { missing } = await target.workflows.importWorkflow({ file, validateOnly: true });
    expect(missing).toMatchObject([{ kind: ReferenceKind.SECRET, key: 'api_token', token: '' }]);
    await expectRefusal(target.workflows.importWorkflow({ file }), 'VALIDATION_FAILED', [
      'file.references[0]',
    ]);
    await target.workflows.setSecret({ name: 'api_token', value: 'other' });
    expect((await target.workflows.importWorkflow({ file })).workflow?.version).toBe(1);
  });

  it('validates the file as it validates a new workflow, with paths in the file', async () => {
    const importJson = (json: JsonValue) => () =>
      target.workflows.importWorkflow({ file: fromJson(WorkflowFileSchema, json) });
    const refused = (json: JsonValue, ...paths: string[]) =>
      expectRefusedUnchanged(db.database, importJson(json), 'VALIDATION_FAILED', paths);

    await createUser(target);
    await refused({ name: 'X' }, 'file.format');
    await refused({ format: 2, name: 'X' }, 'file.format');
    await refused({ format: 1 }, 'file.name');
    await refused({ format: 1, name: 'X', references: [{ token: '","' }] }, 'file.references[0].token');
    await refused(
      { format: 1, name: 'X', trigger: { triggerEvent: 'no_such' } },
      'file.trigger.trigger_event',
    );
    await refused(
      { format: 1, name: 'X', actions: [{ setAttribute: { field: 'custom.none', value: 1 } }] },
      'file.actions[0].set_attribute.field',
    );
    await refused(
      {
        format: 1,
        name: 'X',
        actions: [
          { scaleLiftMax: { liftId: '<lift:squat>', maxType: 'MAX_TYPE_TRAINING_MAX', factor: '1' } },
        ],
      },
      'file.actions[0].scale_lift_max.lift_id',
    );
  });
});
