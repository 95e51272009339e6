/** The declared emissions of actions, compared with the actual ones. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { emissionsOf } from '../../../src/automation/actions/emissions.ts';
import { type Action, ActionSchema, WeightUnit } from '../../../src/gen/automation/v1/action_pb.ts';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import {
  EnrollmentStatus,
  Rounding,
  UnitMismatch,
} from '../../../src/gen/progression/v1/program_service_pb.ts';
import type { Database } from '../../../src/store/database.ts';
import { type Athlete, createAthlete } from '../../support/fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { type ActionInit, createTestRunner, insertRun, readFacts, readRun } from './runs.ts';
import { createTestClock } from './test-clock.ts';

const db = useTestDatabase();
let database: Database;
beforeAll(() => {
  database = db.database;
});

type Named = (athlete: Athlete) => ActionInit;

const { TRAINING_MAX } = MaxType;
const squatOf = ({ liftIds }: Athlete) => liftIds.squat ?? '';
const setLevel = (kind: MessageInitShape<typeof ValueSchema>['kind']): ActionInit => ({
  case: 'setAttribute',
  value: { field: 'custom.level', value: create(ValueSchema, { kind }) },
});

/** Each changes something of the athlete below. */
const ACTIONS: Readonly<Record<string, Named>> = {
  'enroll_in_program, leaving another': ({ programId }) => ({
    case: 'enrollInProgram',
    value: { programId, replaceActive: true },
  }),
  'leave_program, completed': () => ({
    case: 'leaveProgram',
    value: { status: EnrollmentStatus.COMPLETED },
  }),
  'leave_program, paused': () => ({ case: 'leaveProgram', value: { status: EnrollmentStatus.PAUSED } }),
  'apply_progression to every lift': ({ progressionIds }) => ({
    case: 'applyProgression',
    value: { progressionId: progressionIds[0] ?? '', force: true },
  }),
  'apply_progression to a lift': (athlete) => ({
    case: 'applyProgression',
    value: { progressionId: athlete.progressionIds[0] ?? '', liftId: squatOf(athlete), force: true },
  }),
  'apply_progression of a rule that takes weight off': ({ progressionIds }) => ({
    case: 'applyProgression',
    value: { progressionId: progressionIds[1] ?? '', force: true },
  }),
  set_lift_max: (athlete) => ({
    case: 'setLiftMax',
    value: {
      ...{ liftId: squatOf(athlete), maxType: TRAINING_MAX, value: '91.20' },
      ...{ roundTo: '2.5', rounding: Rounding.DOWN },
    },
  }),
  'set_lift_max in a unit': (athlete) => ({
    case: 'setLiftMax',
    value: { liftId: squatOf(athlete), maxType: TRAINING_MAX, value: '91.20', unit: WeightUnit.POUND },
  }),
  'scale_lift_max of every lift': () => ({
    case: 'scaleLiftMax',
    value: { maxType: TRAINING_MAX, factor: '0.9' },
  }),
  'scale_lift_max of a lift': (athlete) => ({
    case: 'scaleLiftMax',
    value: { liftId: squatOf(athlete), maxType: TRAINING_MAX, factor: '0.9' },
  }),
  add_tag: () => ({ case: 'addTag', value: { tag: 'new' } }),
  remove_tag: () => ({ case: 'removeTag', value: { tag: 'old' } }),
  'set_attribute to a number': () => setLevel({ case: 'numberValue', value: 3.5 }),
  'set_attribute to a text': () => setLevel({ case: 'stringValue', value: 'high' }),
  'set_attribute to nothing': () => setLevel({ case: 'nullValue', value: 0 }),
  emit_event: () => ({ case: 'emitEvent', value: { type: 'custom.checked_in', data: { place: 'gym' } } }),
  wait: () => ({ case: 'wait', value: { wait: { case: 'until', value: { seconds: 0n } } } }),
};

/** With a program, another one, a tag, an attribute and an event of the account's own. */
async function newAthlete(action: string): Promise<Athlete> {
  const athlete = await createAthlete(database, {
    lifts: { squat: '100' },
    rules: [
      {
        type: 'LINEAR_PROGRESSION',
        parameters: { maxType: 'TRAINING_MAX', triggerType: 'AFTER_SESSION', increment: '2.5' },
      },
      {
        type: 'DELOAD_ON_FAILURE',
        parameters: {
          maxType: 'TRAINING_MAX',
          failureThreshold: 1,
          deloadType: 'percent',
          deloadPercent: '0.1',
        },
      },
    ],
  });
  const other = await createAthlete(database, { lifts: {}, accountId: athlete.accountId, enrolled: false });
  await database.transaction(athlete.accountId, async (tx) => {
    await sql`update programs set unit = 'KILOGRAM' where account_id = ${tx.accountId}`.execute(tx.sql);
    await sql`update users set tags = '["old"]', attributes = '{"level": 2}' where id = ${athlete.userId}`.execute(
      tx.sql,
    );
    await sql`
      insert into custom_event_types (account_id, slug, fields)
      values (${tx.accountId}, 'checked_in', '[{"name": "place", "type": "string", "description": ""}]')`.execute(
      tx.sql,
    );
  });
  return action === 'enroll_in_program, leaving another'
    ? { ...athlete, programId: other.programId }
    : athlete;
}

describe.each(Object.entries(ACTIONS))('%s', (name, actionFor) => {
  test('emits only declared events, with the declared known fields', async () => {
    const { now } = createTestClock();
    const athlete = await newAthlete(name);
    const init = actionFor(athlete);
    const action: Action = create(ActionSchema, { action: init });
    const made = await insertRun(database, { ...athlete, actions: [init], now });

    await createTestRunner(database, { now }).runAll();

    expect(await readRun(database, made)).toMatchObject({ state: 'COMPLETED', steps: [{ outcome: 'DONE' }] });
    const facts = await readFacts(database, athlete.userId);
    const emissions = emissionsOf(action);
    for (const { type, data } of facts) {
      const emission = emissions.find((each) => each.type === type);
      expect(emission, `${type} is not among what it may emit`).toBeDefined();
      const known = Object.keys(emission?.known ?? {});
      // What is known to be absent may be missing.
      expect(Object.fromEntries(known.map((field) => [field, data[field] ?? null]))).toEqual(emission?.known);
      if (emission?.isComplete) {
        expect(data).toEqual(emission.known);
      }
    }
    const certain = emissions.filter(({ isCertain }) => isCertain).map(({ type }) => type);
    expect(facts.map(({ type }) => type)).toEqual(expect.arrayContaining(certain));
  });
});

test.each([
  [UnitMismatch.UNSPECIFIED, ['program_enrolled']],
  [UnitMismatch.CONVERT, ['program_enrolled', 'lift_max_changed']],
  [UnitMismatch.RELABEL, ['program_enrolled', 'lift_max_changed']],
])(
  'enroll_in_program with the choice %i about units declares the maxes that it may change',
  (choice, types) => {
    const value = { programId: 'p', unitMismatch: choice };
    const action = create(ActionSchema, { action: { case: 'enrollInProgram', value } });

    expect(emissionsOf(action).map(({ type }) => type)).toEqual(types);
  },
);

test('every action is tested, except webhooks and those that choose a way, which emit nothing', () => {
  const cases = new Set(Object.values(ACTIONS).map((actionFor) => actionFor(NO_ATHLETE).case));
  const known = ActionSchema.fields.filter(({ oneof }) => oneof).map(({ localName }) => localName);

  expect(known.filter((name) => !cases.has(name as never))).toEqual([
    'callWebhook',
    'branch',
    'split',
    'waitForEvent',
  ]);
  expect(emissionsOf(create(ActionSchema, { action: { case: 'callWebhook', value: {} } }))).toEqual([]);
});

const NO_ATHLETE: Athlete = {
  ...{ accountId: '', userId: '', programId: '', enrollmentId: '' },
  ...{ liftIds: {}, progressionIds: [], programProgressionIds: [] },
};
