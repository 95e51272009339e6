/** The events and fields of an account over the wire: listed, defined, and refused. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EVENT_TYPES } from '../../../src/automation/event-types/event-types.ts';
import { FieldType } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import {
  type AutomationClient,
  condition,
  createAutomationClient,
  createWorkflow,
} from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { expectRefusedUnchanged } from '../../support/expect-unchanged.ts';
import { callUnder } from '../../support/progression-client.ts';
import { rowsOf } from '../../support/table-dump.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let client: AutomationClient;
beforeAll(async () => {});
beforeEach(() => {
  client = createAutomationClient(db.database);
});

type EventInit = Parameters<AutomationClient['triggers']['defineEventType']>[0];
type FieldInit = NonNullable<Parameters<AutomationClient['triggers']['defineField']>[0]['field']>;

const MOOD = { name: 'mood', type: FieldType.INT, description: 'From 1 to 5.' };

async function define(init: EventInit = {}) {
  const request = { name: 'custom.checked_in', fields: [MOOD], ...init };
  return present((await client.triggers.defineEventType(request)).eventType);
}

async function defineField(field: FieldInit) {
  return present((await client.triggers.defineField({ field })).field);
}

const trail = () => rowsOf(db.database, client.accountId, 'audit_log');

describe('ListEventTypes', () => {
  it('has every event with its fields and their operators', async () => {
    const { eventTypes } = await client.triggers.listEventTypes({});

    expect(eventTypes.map(({ name }) => name).toSorted()).toEqual(
      EVENT_TYPES.map(({ name }) => name).toSorted(),
    );
    const changed = eventTypes.find(({ name }) => name === 'stage_changed');
    expect(changed).toMatchObject({
      ...{ category: 'pipeline', source: 'publisher', hasPrevious: true },
      requiredConfiguration: ['pipeline_id'],
      sample: { pipeline_id: 'coaching', stage: 'trial' },
      samplePrevious: { stage: 'lead' },
    });
    expect(changed?.fields.map(({ name, type }) => [name, type])).toEqual([
      ['pipeline_id', FieldType.STRING],
      ['deal_id', FieldType.STRING],
      ['stage', FieldType.STRING],
    ]);
    expect(changed?.fields[2]?.operators).toEqual(expect.arrayContaining(['equals', 'changed_to']));
    const won = eventTypes.find(({ name }) => name === 'deal_won');
    expect(won?.fields[2]?.operators).not.toContain('changed_to');
    const created = eventTypes.find(({ name }) => name === 'contact_created');
    expect(created?.fields.filter(({ isPersonal }) => isPersonal).map(({ name }) => name)).toEqual([
      'name',
      'birth_date',
    ]);
  });

  it('is ordered by category, then name, with the account’s own events', async () => {
    await define();
    const { eventTypes } = await client.triggers.listEventTypes({});
    const keys = eventTypes.map(({ category, name }) => `${category} ${name}`);
    expect(keys).toEqual(keys.toSorted());
    expect(keys).toContain('custom custom.checked_in');
  });

  it('can be of one category, which must exist', async () => {
    const { eventTypes } = await client.triggers.listEventTypes({ category: 'time' });
    expect(eventTypes.map(({ name }) => name)).toEqual([
      'anniversary',
      'birthday',
      'recurring_schedule',
      'scheduled_date',
    ]);
    await expectRefusal(client.triggers.listEventTypes({ category: 'weather' }), 'VALIDATION_FAILED', [
      'category',
    ]);
  });
});

describe('DefineEventType', () => {
  it('adds an event that is listed and that triggers can use', async () => {
    const defined = await define({ description: 'A daily check-in.', sample: { mood: 4 } });

    expect(defined).toMatchObject({
      ...{ name: 'custom.checked_in', category: 'custom', source: 'publisher', hasPrevious: false },
      ...{ description: 'A daily check-in.', sample: { mood: 4 }, requiredConfiguration: [] },
    });
    expect(defined.fields).toMatchObject([{ ...MOOD, isPersonal: false }]);
    expect(defined.fields[0]?.operators).toContain('between');
    const { eventTypes } = await client.triggers.listEventTypes({ category: 'custom' });
    expect(eventTypes).toEqual([defined]);
    const filter = { conditions: [condition('mood', 'less_than', 3)] };
    await createWorkflow(client, { trigger: { triggerEvent: 'custom.checked_in', filter } });
    const others = await createAutomationClient(db.database).triggers.listEventTypes({ category: 'custom' });
    expect(others.eventTypes).toEqual([]);
  });

  it('replaces an earlier definition', async () => {
    await define({ sample: { mood: 4 } });
    const fields = [MOOD, { name: 'note', type: FieldType.STRING, isPersonal: true }];
    const replaced = await define({ fields, description: 'Other words.' });

    expect(replaced.fields.map(({ name, isPersonal }) => [name, isPersonal])).toEqual([
      ['mood', false],
      ['note', true],
    ]);
    const { eventTypes } = await client.triggers.listEventTypes({ category: 'custom' });
    expect(eventTypes).toEqual([replaced]);
    expect(await trail()).toMatchObject([
      {
        ...{ action: 'DefineEventType', target_type: 'event_type', before: null },
        after: { name: 'custom.checked_in', sample: { mood: 4 } },
      },
      {
        before: { description: '', fields: [{ name: 'mood', type: 'int' }] },
        after: { description: 'Other words.', fields: [{ name: 'mood' }, { name: 'note', type: 'string' }] },
      },
    ]);
  });

  it.each<[string, EventInit, string[]]>([
    ['a built-in name', { name: 'tag_added' }, ['name']],
    ['no slug', { name: 'custom.' }, ['name']],
    ['a slug in capitals', { name: 'custom.CheckedIn' }, ['name']],
    ['a slug with a dot', { name: 'custom.checked.in' }, ['name']],
    ['a slug of 51 characters', { name: `custom.${'a'.repeat(51)}` }, ['name']],
    ['a long description', { description: 'x'.repeat(501) }, ['description']],
    ['a description with the character 0', { description: 'a\0' }, ['description']],
    ['a field without a name', { fields: [{ ...MOOD, name: '' }] }, ['fields[0].name']],
    ['a field called answers', { fields: [MOOD, { ...MOOD, name: 'answers' }] }, ['fields[1].name']],
    ['a field twice', { fields: [MOOD, MOOD] }, ['fields[1].name']],
    ['a field without a type', { fields: [{ ...MOOD, type: FieldType.UNSPECIFIED }] }, ['fields[0].type']],
    ['a type that there is not', { fields: [{ ...MOOD, type: 99 as FieldType }] }, ['fields[0].type']],
    ['a sample that is none', { sample: { mood: 'fine', note: 'x' } }, ['sample.mood', 'sample.note']],
    [
      'everything at once',
      { name: 'x', description: 'x'.repeat(501), fields: [{ ...MOOD, name: 'A' }] },
      ['name', 'description', 'fields[0].name'],
    ],
    [
      'more than 50 fields',
      { fields: Array.from({ length: 51 }, (_, index) => ({ ...MOOD, name: `f${index}` })) },
      ['fields'],
    ],
  ])('refuses %s', async (_, init, fields) => {
    await expectRefusal(define(init), 'VALIDATION_FAILED', fields);
    expect((await client.triggers.listEventTypes({ category: 'custom' })).eventTypes).toEqual([]);
  });

  it('refuses a change that would break a trigger that is not deleted, and names the trigger', async () => {
    await define({ fields: [MOOD, { ...MOOD, name: 'note' }] });
    const filter = { conditions: [condition('mood', 'less_than', 3)] };
    const { trigger } = await createWorkflow(client, {
      trigger: { triggerEvent: 'custom.checked_in', filter },
    });
    const triggerId = present(trigger).id;

    const changes: EventInit[] = [{ fields: [] }, { fields: [{ ...MOOD, type: FieldType.STRING }] }];
    for (const change of changes) {
      await expectRefusedUnchanged(db.database, () => define(change), 'IN_USE');
    }
    await define({ fields: [MOOD] });
    await define({ fields: [{ ...MOOD, type: FieldType.DECIMAL }] });
    await client.triggers.deleteTrigger({ triggerId });
    expect((await define({ fields: [] })).fields).toEqual([]);
    await expectRefusal(client.triggers.restoreTrigger({ triggerId }), 'VALIDATION_FAILED');
  });

  it('refuses a field that would hide a field that a trigger uses', async () => {
    await defineField({ path: 'custom.level', type: FieldType.INT });
    await define();
    const filter = { conditions: [condition('level', 'greater_than', 3)] };
    await createWorkflow(client, { trigger: { triggerEvent: 'custom.checked_in', filter } });

    const hiding = [MOOD, { name: 'level', type: FieldType.STRING }];
    await expectRefusal(define({ fields: hiding }), 'IN_USE');
    await define({ fields: [MOOD, { name: 'level', type: FieldType.DECIMAL }] });
  });

  it('has a limit, within which existing ones can always change', async () => {
    const small = createAutomationClient(db.database, {
      accountId: client.accountId,
      limits: { customEventTypes: 1, accountFields: 1 },
    });
    await define();
    await expectRefusal(small.triggers.defineEventType({ name: 'custom.other' }), 'VALIDATION_FAILED', [
      'name',
    ]);
    await small.triggers.defineEventType({ name: 'custom.checked_in' });
  });

  it('is executed once per request ID', async () => {
    const request = { name: 'custom.checked_in', fields: [MOOD] };
    const requestId = '01900000-0000-7000-8000-0000000000aa';
    const calls = [1, 2].map(() =>
      callUnder(requestId, (options) => client.triggers.defineEventType(request, options)),
    );
    const [first, second] = await Promise.all(calls);
    expect(second?.answer).toEqual(first?.answer);
    expect([first?.isReplayed, second?.isReplayed].toSorted()).toEqual([false, true]);
    expect(await rowsOf(db.database, client.accountId, 'audit_log')).toHaveLength(1);
  });
});

describe('DefineField', () => {
  it('defines a field, which is listed with the built-in ones', async () => {
    const level = await defineField({
      ...{ path: 'custom.level', type: FieldType.INT, description: 'From 1.', isPersonal: true },
    });
    await defineField({ path: 'answers.goal', type: FieldType.STRING });

    expect(level).toMatchObject({ path: 'custom.level', description: 'From 1.', isPersonal: true });
    expect(level.operators).toContain('between');
    expect(level.operators).not.toContain('changed');
    const { fields } = await client.triggers.listFields({});
    const training = (name: string) => `training.${name}`;
    expect(fields).toContainEqual(level);
    expect(fields.map(({ path }) => path)).toEqual([
      'actor',
      'answers.goal',
      ...['birth_date', 'created_at', 'id', 'name', 'opted_out', 'tags', 'time_zone'].map(
        (name) => `athlete.${name}`,
      ),
      'custom.level',
      ...['best_e1rm.{lift}', 'days_since_session', 'e1rm_trend.{lift}', 'enrollment_days'].map(training),
      ...['enrollment_status', 'estimated_one_rm.{lift}', 'failures.{lift}', 'last_session_at'].map(training),
      ...['one_rm.{lift}', 'program', 'program_id', 'sessions_28_days', 'sessions_7_days'].map(training),
      ...['stage.{lift}', 'training_max.{lift}'].map(training),
    ]);
    expect(fields.filter(({ isPersonal }) => isPersonal).map(({ path }) => path)).toEqual([
      'athlete.birth_date',
      'athlete.name',
      'custom.level',
    ]);
  });

  it('keeps an attribute under one name', async () => {
    expect((await defineField({ path: 'athlete.level', type: FieldType.INT })).path).toBe('custom.level');
    const call = defineField({ path: 'custom.level', type: FieldType.STRING });
    const refusal = await expectRefusal(call, 'FIELD_EXISTS');
    expect(refusal.message).toContain('custom.level is of the type int already');
    await defineField({ path: 'custom.name', type: FieldType.INT });
    await defineField({ path: 'answers.level', type: FieldType.STRING });
  });

  it('changes the description of a field, but not its type', async () => {
    await defineField({ path: 'custom.level', type: FieldType.INT });
    await defineField({
      path: 'custom.level',
      type: FieldType.INT,
      description: 'From 1.',
      isPersonal: true,
    });
    await expectRefusal(defineField({ path: 'custom.level', type: FieldType.DECIMAL }), 'FIELD_EXISTS');

    const { fields } = await client.triggers.listFields({});
    expect(fields.find(({ path }) => path === 'custom.level')).toMatchObject({
      ...{ type: FieldType.INT, description: 'From 1.', isPersonal: true },
    });
    expect(await trail()).toMatchObject([
      { action: 'DefineField', target_type: 'field', before: null, after: { type: 'int' } },
      { before: { description: '', isPersonal: false }, after: { description: 'From 1.', isPersonal: true } },
    ]);
  });

  it.each<[string, FieldInit, string[]]>([
    ['a path without a prefix', { path: 'level' }, ['field.path']],
    ['another prefix', { path: 'event.level' }, ['field.path']],
    ['no name', { path: 'custom.' }, ['field.path']],
    ['capitals', { path: 'custom.Level' }, ['field.path']],
    ['a name of 51 characters', { path: `custom.${'a'.repeat(51)}` }, ['field.path']],
    ['what is deeper', { path: 'answers.a.b' }, ['field.path']],
    ['what is built in', { path: 'athlete.birth_date' }, ['field.path']],
    ['no type', { path: 'custom.level', type: FieldType.UNSPECIFIED }, ['field.type']],
    ['a long description', { path: 'custom.level', description: 'x'.repeat(501) }, ['field.description']],
  ])('refuses %s', async (_, field, violations) => {
    const call = defineField({ type: FieldType.INT, ...field });
    await expectRefusal(call, 'VALIDATION_FAILED', violations);
  });

  it('needs a field', async () => {
    await expectRefusal(client.triggers.defineField({}), 'VALIDATION_FAILED', ['field']);
  });

  it('has a limit, within which existing ones can always change', async () => {
    await defineField({ path: 'custom.level', type: FieldType.INT });
    const limits = { accountFields: 1 };
    const small = createAutomationClient(db.database, { accountId: client.accountId, limits });
    const other = { path: 'custom.goal', type: FieldType.INT };
    await expectRefusal(small.triggers.defineField({ field: other }), 'VALIDATION_FAILED', ['field.path']);
    await small.triggers.defineField({
      field: { path: 'custom.level', type: FieldType.INT, description: 'x' },
    });
  });

  it('makes filters on the field valid, which were invalid before', async () => {
    const filter = { conditions: [condition('custom.level', 'greater_than', 3)] };
    const configure = () => createWorkflow(client, { trigger: { triggerEvent: 'session_missed', filter } });
    await expectRefusal(configure(), 'VALIDATION_FAILED', ['trigger.filter.conditions[0].field']);
    await defineField({ path: 'athlete.level', type: FieldType.INT });
    await configure();
  });
});
