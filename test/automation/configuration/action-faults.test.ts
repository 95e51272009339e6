/** Invalid actions: refused with the invalid field, and nothing is stored. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ActionSchema } from '../../../src/gen/automation/v1/action_pb.ts';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import { EnrollmentStatus, UnitMismatch } from '../../../src/gen/progression/v1/program_service_pb.ts';
import {
  type AutomationClient,
  addTag,
  createAutomationClient,
  createWorkflow,
  jsonValue,
} from '../../support/automation.ts';
import { createLifts, createProgram, createProgression } from '../../support/catalog-fixtures.ts';
import { expectRefusedUnchanged } from '../../support/expect-unchanged.ts';
import { useTestDatabase } from '../../support/test-database.ts';

type ActionInit = MessageInitShape<typeof ActionSchema>;
type Case = NonNullable<Extract<ActionInit, { $typeName?: undefined }>['action']>['case'];

const db = useTestDatabase();
let client: AutomationClient;
const own: Record<'program' | 'lift' | 'progression', string> = { program: '', lift: '', progression: '' };
const foreign = { ...own };
beforeAll(async () => {
  client = createAutomationClient(db.database);
  await fill(client, own);
  await fill(createAutomationClient(db.database), foreign);
  await defineCheckIn(client.accountId);
});

async function fill(of: AutomationClient, ids: typeof own): Promise<void> {
  const [program, lifts, progression] = [
    await createProgram(of),
    await createLifts(of, 'squat'),
    await createProgression(of),
  ];
  Object.assign(ids, { program: program.id, lift: lifts.squat, progression: progression.id });
}

/** An event of the account's own with a number, and two attributes. */
async function defineCheckIn(accountId: string): Promise<void> {
  const fields = JSON.stringify([{ name: 'mood', type: 'int', description: '' }]);
  await db.database.transaction(accountId, async (tx) => {
    await sql`insert into custom_event_types (account_id, slug, fields)
      values (${accountId}, 'checked_in', ${fields}::jsonb)`.execute(tx.sql);
    await sql`insert into field_definitions (account_id, path, type) values
      (${accountId}, 'custom.level', 'int'), (${accountId}, 'answers.goal', 'string')`.execute(tx.sql);
  });
}

/** An action of this kind; what is in it is not looked at by the compiler. */
function action(kind: Case, value: object): ActionInit {
  return { action: { case: kind, value } } as ActionInit;
}

const max = (value: object) =>
  action('setLiftMax', { liftId: own.lift, maxType: MaxType.ONE_RM, value: '1', ...value });
const scale = (value: object) => action('scaleLiftMax', { maxType: MaxType.ONE_RM, factor: '0.9', ...value });
const hook = (value: object) => action('callWebhook', { url: 'https://example.org/hook', ...value });
const attribute = (field: string, value?: Parameters<typeof jsonValue>[0]) =>
  action('setAttribute', { field, ...(value === undefined ? {} : { value: jsonValue(value) }) });
const checkIn = (data: object) => action('emitEvent', { type: 'custom.checked_in', data });
const wait = (kind: string, value: unknown) => action('wait', { wait: { case: kind, value } });
const secret = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
const DAY = 86_400n;

const FAULTS: readonly [name: string, init: () => ActionInit, fields: readonly string[]][] = [
  ['no program', () => action('enrollInProgram', {}), ['enroll_in_program.program_id']],
  [
    'an unknown program',
    () => action('enrollInProgram', { programId: uuidv7() }),
    ['enroll_in_program.program_id'],
  ],
  [
    'another account’s program',
    () => action('enrollInProgram', { programId: foreign.program }),
    ['enroll_in_program.program_id'],
  ],
  [
    'what is no id',
    () => action('enrollInProgram', { programId: "' or 1=1" }),
    ['enroll_in_program.program_id'],
  ],
  [
    'an unknown choice about units, and a step of 0',
    () => action('enrollInProgram', { programId: own.program, unitMismatch: 9, convertRoundTo: '0' }),
    ['enroll_in_program.unit_mismatch', 'enroll_in_program.convert_round_to'],
  ],
  [
    'an end that is none',
    () => action('leaveProgram', { status: EnrollmentStatus.ACTIVE }),
    ['leave_program.status'],
  ],
  ['no status to leave a program with', () => action('leaveProgram', {}), ['leave_program.status']],
  ['an unknown end', () => action('leaveProgram', { status: 17 }), ['leave_program.status']],
  ['no rule', () => action('applyProgression', {}), ['apply_progression.progression_id']],
  [
    'another account’s rule',
    () => action('applyProgression', { progressionId: foreign.progression }),
    ['apply_progression.progression_id'],
  ],
  [
    'another account’s lift',
    () => action('applyProgression', { progressionId: own.progression, liftId: foreign.lift }),
    ['apply_progression.lift_id'],
  ],
  ['a max of no lift', () => max({ liftId: '' }), ['set_lift_max.lift_id']],
  ['a max of no type', () => max({ maxType: 0 }), ['set_lift_max.max_type']],
  ['a max of an unknown type', () => max({ maxType: 8 }), ['set_lift_max.max_type']],
  ['no max', () => max({ value: '' }), ['set_lift_max.value']],
  ['a max below 0', () => max({ value: '-1' }), ['set_lift_max.value']],
  ['a max in powers of ten', () => max({ value: '1e3' }), ['set_lift_max.value']],
  ['a max of 13 digits', () => max({ value: '1'.repeat(13) }), ['set_lift_max.value']],
  ['an unknown unit', () => max({ unit: 5 }), ['set_lift_max.unit']],
  ['steps of 0', () => max({ roundTo: '0' }), ['set_lift_max.round_to']],
  ['an unknown rounding', () => max({ rounding: 9 }), ['set_lift_max.rounding']],
  ['no factor', () => scale({ factor: '' }), ['scale_lift_max.factor']],
  ['a factor of 0', () => scale({ factor: '0.0' }), ['scale_lift_max.factor']],
  ['a factor above 10', () => scale({ factor: '10.000001' }), ['scale_lift_max.factor']],
  ['a factor that is no number', () => scale({ factor: 'NaN' }), ['scale_lift_max.factor']],
  ['a scale of another account’s lift', () => scale({ liftId: foreign.lift }), ['scale_lift_max.lift_id']],
  [
    'everything wrong',
    () => scale({ liftId: 'x', maxType: 0, factor: 'x', roundTo: 'x', rounding: 9 }),
    [
      'scale_lift_max.lift_id',
      'scale_lift_max.max_type',
      'scale_lift_max.factor',
      'scale_lift_max.round_to',
      'scale_lift_max.rounding',
    ],
  ],
  ['no tag', () => addTag(''), ['add_tag.tag']],
  ['a tag of 101', () => addTag('x'.repeat(101)), ['add_tag.tag']],
  ['a tag of blanks', () => addTag('  '), ['add_tag.tag']],
  ['a tag on two lines', () => addTag('a\nb'), ['add_tag.tag']],
  ['a tag with NUL', () => action('removeTag', { tag: 'a\0b' }), ['remove_tag.tag']],
  ['no attribute', () => attribute('', 1), ['set_attribute.field']],
  ['an unknown attribute', () => attribute('custom.height', 1), ['set_attribute.field']],
  ['a field that every athlete has', () => attribute('athlete.name', 'X'), ['set_attribute.field']],
  ['an answer', () => attribute('answers.goal', 'X'), ['set_attribute.field']],
  ['a way into the prototype', () => attribute('custom.__proto__', 1), ['set_attribute.field']],
  ['an attribute without a value', () => attribute('custom.level'), ['set_attribute.value']],
  ['an attribute of another type', () => attribute('custom.level', 'three'), ['set_attribute.value']],
  ['an attribute that is an object', () => attribute('custom.level', { a: 1 }), ['set_attribute.value']],
  ['no event', () => action('emitEvent', {}), ['emit_event.type']],
  ['an unknown event', () => action('emitEvent', { type: 'custom.nothing' }), ['emit_event.type']],
  [
    'an event of the service’s',
    () => action('emitEvent', { type: 'session_completed' }),
    ['emit_event.type'],
  ],
  ['event data of another type', () => checkIn({ mood: 'fine' }), ['emit_event.data.mood']],
  ['event data that is not defined', () => checkIn({ mood: 1, place: 'gym' }), ['emit_event.data.place']],
  ['17 KiB of event data', () => checkIn({ mood: 'x'.repeat(17 * 1024) }), ['emit_event.data']],
  ['no address', () => hook({ url: '' }), ['call_webhook.url']],
  ['an address of plain http', () => hook({ url: 'http://example.org' }), ['call_webhook.url']],
  ['an address of a file', () => hook({ url: 'file:///etc/passwd' }), ['call_webhook.url']],
  ['an address with a password', () => hook({ url: 'https://user:pass@example.org' }), ['call_webhook.url']],
  ['an address of this machine', () => hook({ url: 'https://127.0.0.1/' }), ['call_webhook.url']],
  [
    'an address of 2,049',
    () => hook({ url: `https://example.org/${'x'.repeat(2_029)}` }),
    ['call_webhook.url'],
  ],
  [
    'a secret without its prefix',
    () => hook({ secret: Buffer.alloc(32).toString('base64') }),
    ['call_webhook.secret'],
  ],
  ['a secret that is not base64', () => hook({ secret: `whsec_${'!'.repeat(40)}` }), ['call_webhook.secret']],
  ['a secret of 23 bytes', () => hook({ secret: secret(23) }), ['call_webhook.secret']],
  ['a secret of 65 bytes', () => hook({ secret: secret(65) }), ['call_webhook.secret']],
  ['NUL in a webhook’s data', () => hook({ data: { a: { b: ['c\0'] } } }), ['call_webhook.data.a.b[0]']],
  [
    'a name with NUL in a webhook’s data',
    () => hook({ data: { 'a\0': 1 } }),
    ['call_webhook.data["a\\u0000"]'],
  ],
  ['no number in a webhook’s data', () => hook({ data: { a: Number.NaN } }), ['call_webhook.data.a']],
  ['a wait for nothing', () => action('wait', {}), ['wait']],
  ['a wait of no time', () => wait('duration', { seconds: 0n, nanos: 999 }), ['wait.duration']],
  ['a wait of 401 days', () => wait('duration', { seconds: 400n * DAY, nanos: 1 }), ['wait.duration']],
  ['a wait beyond the calendar', () => wait('until', { seconds: 253_402_300_800n }), ['wait.until']],
  ['a wait until 24:00', () => wait('untilLocalTime', '24:00'), ['wait.until_local_time']],
];

const ALLOWED: readonly [name: string, init: () => ActionInit][] = [
  [
    'to enroll in a program',
    () =>
      action('enrollInProgram', {
        ...{ programId: own.program, replaceActive: true, keepState: true },
        ...{ unitMismatch: UnitMismatch.CONVERT, convertRoundTo: '2.5' },
      }),
  ],
  ['to leave it', () => action('leaveProgram', { status: EnrollmentStatus.QUIT })],
  ['to apply a rule', () => action('applyProgression', { progressionId: own.progression, liftId: own.lift })],
  ['to set a max', () => max({ value: '102.5', unit: 2, roundTo: '2.5', rounding: 3 })],
  ['to scale every max', () => scale({ factor: '10' })],
  ['to remove a tag', () => action('removeTag', { tag: 'x'.repeat(100) })],
  ['to set an attribute', () => attribute('level', 3)],
  ['to remove an attribute', () => attribute('athlete.level', null)],
  ['to emit an event', () => checkIn({ mood: 5 })],
  ['to call a webhook', () => hook({ secret: secret(64), data: { a: [1, { b: null }] } })],
  ['to wait for a day', () => wait('duration', { seconds: 400n * DAY })],
  ['to wait until a day that was', () => wait('until', { seconds: 0n })],
  ['to wait until the morning', () => wait('untilLocalTime', '06:30')],
];

describe('an action with', () => {
  it.each(FAULTS)('%s is refused', async (_, init, fields) => {
    const actions = [addTag('first'), init()];
    const call = () => client.workflows.createWorkflow({ name: 'X', actions });
    const paths = fields.map((field) => `actions[1].${field}`);
    await expectRefusedUnchanged(db.database, call, 'VALIDATION_FAILED', paths);
  });

  it.each(ALLOWED)('%s is accepted', async (_, init) => {
    const { actions } = await createWorkflow(client, { actions: [init()] });
    expect(actions).toHaveLength(1);
  });
});

describe('a workflow with', () => {
  it.each([
    ['no name', { name: '' }, ['name']],
    ['a name of 201', { name: 'x'.repeat(201) }, ['name']],
    ['a name with NUL', { name: 'a\0' }, ['name']],
    ['a description of 2,001', { description: 'x'.repeat(2_001) }, ['description']],
    ['51 actions', { actions: Array.from({ length: 51 }, () => addTag('a')) }, ['actions']],
    [
      '65 KiB of actions',
      { actions: Array.from({ length: 13 }, () => hook({ data: { a: 'x'.repeat(5 * 1024) } })) },
      ['actions'],
    ],
  ])('%s is refused', async (_, init, fields) => {
    const call = () => client.workflows.createWorkflow({ name: 'X', ...init });
    await expectRefusedUnchanged(db.database, call, 'VALIDATION_FAILED', fields);
  });

  it('20 actions and a name of 200 emoji is accepted', async () => {
    const actions = Array.from({ length: 20 }, () => addTag('a'));
    const made = await createWorkflow(client, { name: '🏋'.repeat(200), actions });
    expect(made.actions).toHaveLength(20);
  });
});
