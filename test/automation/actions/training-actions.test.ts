/** Steps that change what the athlete trains by, and the numbers. */
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { WeightUnit } from '../../../src/gen/automation/v1/action_pb.ts';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import {
  EnrollmentStatus,
  WeightUnit as ProgramUnit,
  Rounding,
  UnitMismatch,
} from '../../../src/gen/progression/v1/program_service_pb.ts';
import type { Database } from '../../../src/store/database.ts';
import { readRows } from '../../store/schema-dump.ts';
import { type Athlete, type AthleteFixture, createAthlete, createTeammate } from '../../support/fixtures.ts';
import { createProgressionClient } from '../../support/progression-client.ts';
import { deload } from '../../support/rule-fixtures.ts';
import { rowsOf } from '../../support/table-dump.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { createTrainee } from '../../support/trainee.ts';
import { type ActionInit, createTestRunner, insertRun, readFacts, readRun } from './runs.ts';
import { createTestClock } from './test-clock.ts';

const db = useTestDatabase();
let database: Database;
beforeAll(() => {
  database = db.database;
});

const { now } = createTestClock();

type EnrollWish = { keepState?: boolean; unitMismatch?: UnitMismatch; convertRoundTo?: string };

/** Runs the actions for the athlete, to the end, and gives what became of them. */
async function run(athlete: Pick<Athlete, 'accountId' | 'userId'>, ...actions: ActionInit[]) {
  const { accountId, userId } = athlete;
  const made = await insertRun(database, { accountId, userId, actions, now });
  await createTestRunner(database, { now }).runAll();
  return { ...made, ...(await readRun(database, made)) };
}

async function outcomes(athlete: Pick<Athlete, 'accountId' | 'userId'>, ...actions: ActionInit[]) {
  const { steps } = await run(athlete, ...actions);
  return steps.map(({ outcome, reason }) => reason ?? outcome);
}

function maxesOf({ userId }: Athlete) {
  return readRows(
    database,
    sql`select l.slug, m.max_type, m.version, trim_scale(m.value)::text as value, m.source
        from lift_maxes m join lifts l on l.account_id = m.account_id and l.id = m.lift_id
        where m.user_id = ${userId} order by l.slug, m.max_type, m.version`,
  );
}

function enrollmentsOf({ userId }: Pick<Athlete, 'userId'>) {
  return readRows<{ program_id: string; status: string }>(
    database,
    sql`select program_id, status from enrollments where user_id = ${userId} order by id`,
  );
}

async function setUnit({ accountId, programId }: Athlete, unit: string) {
  await database.transaction(accountId, (tx) =>
    sql`update programs set unit = ${unit} where account_id = ${accountId} and id = ${programId}`.execute(
      tx.sql,
    ),
  );
}

const PROGRESSION: AthleteFixture['rules'] = [
  {
    type: 'LINEAR_PROGRESSION',
    parameters: { maxType: 'TRAINING_MAX', triggerType: 'AFTER_SESSION', increment: '2.5' },
  },
];

describe('enroll_in_program', () => {
  const enroll = (programId: string, replaceActive = false): ActionInit => ({
    case: 'enrollInProgram',
    value: { programId, replaceActive },
  });

  test('makes the program the ACTIVE one, once', async () => {
    const athlete = await createAthlete(database, { lifts: { squat: null }, enrolled: false });
    const { programId } = athlete;

    expect(await outcomes(athlete, enroll(programId), enroll(programId))).toEqual(['DONE', 'NO_CHANGE']);

    expect(await enrollmentsOf(athlete)).toEqual([{ program_id: programId, status: 'ACTIVE' }]);
  });

  test('fails in another program, unless the action leaves it', async () => {
    const athlete = await createAthlete(database, { lifts: { squat: null } });
    const other = await createAthlete(database, { lifts: { squat: null }, accountId: athlete.accountId });

    expect(await outcomes(athlete, enroll(other.programId))).toEqual(['ALREADY_ENROLLED']);
    expect(await enrollmentsOf(athlete)).toMatchObject([{ status: 'ACTIVE' }]);

    expect(await outcomes(athlete, enroll(other.programId, true))).toEqual(['DONE']);
    expect(await enrollmentsOf(athlete)).toEqual([
      { program_id: athlete.programId, status: 'QUIT' },
      { program_id: other.programId, status: 'ACTIVE' },
    ]);
  });

  test('changes nothing when the program is deleted', async () => {
    const athlete = await createAthlete(database, { lifts: { squat: null } });
    const foreign = await createAthlete(database, { lifts: { squat: null } });

    expect(await outcomes(athlete, enroll(foreign.programId, true))).toEqual(['PROGRAM_NOT_FOUND']);

    expect(await enrollmentsOf(athlete)).toEqual([{ program_id: athlete.programId, status: 'ACTIVE' }]);
    expect(await readFacts(database, athlete.userId)).toEqual([]);
  });
});

describe('enroll_in_program with maxes in another unit', () => {
  const inPounds = async () => {
    const athlete = await createAthlete(database, { lifts: { squat: null }, enrolled: false });
    await setUnit(athlete, 'KILOGRAM');
    const { accountId, userId, liftIds } = athlete;
    const squat = { userId, liftId: `${liftIds.squat}`, maxType: MaxType.TRAINING_MAX };
    const client = createProgressionClient(database, { accountId });
    await client.setLiftMax({ ...squat, value: '225', unit: ProgramUnit.POUND });
    return athlete;
  };
  const enroll = (programId: string, wish: EnrollWish): ActionInit => ({
    case: 'enrollInProgram',
    value: { programId, ...wish },
  });

  test('fails when the action does not say whether to convert', async () => {
    const athlete = await inPounds();

    expect(await outcomes(athlete, enroll(athlete.programId, {}))).toEqual(['UNIT_MISMATCH']);
    expect(await enrollmentsOf(athlete)).toEqual([]);
  });

  test.each([
    ['converts them', { unitMismatch: UnitMismatch.CONVERT }, '102.5'],
    ['converts them to a step', { unitMismatch: UnitMismatch.CONVERT, convertRoundTo: '1' }, '102'],
    ['relabels them', { unitMismatch: UnitMismatch.RELABEL }, '225'],
  ])('%s when the action says so', async (_, wish, value) => {
    const athlete = await inPounds();

    expect(await outcomes(athlete, enroll(athlete.programId, wish))).toEqual(['DONE']);
    expect((await maxesOf(athlete)).at(-1)).toMatchObject({ version: 2, value });
  });
});

test.each([
  ['starts with counters at zero', false, 0],
  ['carries counters on with keep_state', true, 2],
])('enroll_in_program %s', async (_, keepState, failures) => {
  const rules: AthleteFixture['rules'] = [deload({ failureThreshold: 5 })];
  const trainee = await createTrainee(database, { lifts: { squat: '100' }, rules });
  const { athlete } = trainee;
  await trainee.startSession().log('squat 4/5 4/5');
  const { programId } = athlete;

  expect(
    await outcomes(
      athlete,
      { case: 'leaveProgram', value: { status: EnrollmentStatus.QUIT } },
      { case: 'enrollInProgram', value: { programId, keepState } },
    ),
  ).toEqual(['DONE', 'DONE']);
  expect(await trainee.failures(0, 'squat')).toBe(failures);
});

describe('leave_program', () => {
  const leave = (status: EnrollmentStatus): ActionInit => ({
    case: 'leaveProgram',
    value: { status },
  });

  test.each([
    [EnrollmentStatus.QUIT, 'QUIT'],
    [EnrollmentStatus.PAUSED, 'PAUSED'],
    [EnrollmentStatus.COMPLETED, 'COMPLETED'],
  ])('ends the ACTIVE enrollment with the requested status (%i), once', async (status, stored) => {
    const athlete = await createAthlete(database, { lifts: { squat: null } });

    expect(await outcomes(athlete, leave(status), leave(status))).toEqual(['DONE', 'NO_CHANGE']);

    expect(await enrollmentsOf(athlete)).toMatchObject([{ status: stored }]);
  });

  test('fails without a status, which old stored actions may lack', async () => {
    const athlete = await createAthlete(database, { lifts: { squat: null } });

    expect(await outcomes(athlete, leave(EnrollmentStatus.UNSPECIFIED))).toEqual(['VALIDATION_FAILED']);

    expect(await enrollmentsOf(athlete)).toMatchObject([{ status: 'ACTIVE' }]);
  });
});

describe('apply_progression', () => {
  const apply = (progressionId: string, more: { liftId?: string; force?: boolean } = {}): ActionInit => ({
    case: 'applyProgression',
    value: { progressionId, ...more },
  });

  test('applies the rule through the engine, with the workflow as the actor', async () => {
    const athlete = await createAthlete(database, { lifts: { squat: '100' }, rules: PROGRESSION });
    const [progressionId = ''] = athlete.progressionIds;

    const made = await run(athlete, apply(progressionId, { force: true }));

    expect(made).toMatchObject({
      state: 'COMPLETED',
      steps: [{ action: 'apply_progression', outcome: 'DONE', attempts: 1 }],
    });
    expect(await maxesOf(athlete)).toMatchObject([
      { version: 1, value: '100' },
      { version: 2, value: '102.5', source: 'PROGRESSION' },
    ]);
    expect(await readFacts(database, athlete.userId)).toMatchObject([
      { type: 'progression_applied', actor: 'AUTOMATION', cause: made.cause },
      { type: 'lift_max_changed', actor: 'AUTOMATION', cause: made.cause },
    ]);
    expect(await rowsOf(database, athlete.accountId, 'audit_log')).toMatchObject([
      { action: 'TriggerProgression', actor: `workflow:${made.workflowId}`, after: { forced: true } },
    ]);
  });

  test('changes nothing when the latest event has its application already', async () => {
    const athlete = await createAthlete(database, { lifts: { squat: '100' }, rules: PROGRESSION });
    const [progressionId = ''] = athlete.progressionIds;

    expect(await outcomes(athlete, apply(progressionId), apply(progressionId))).toEqual([
      'DONE',
      'NO_CHANGE',
    ]);

    expect(await maxesOf(athlete)).toHaveLength(2);
  });

  test('fails when the engine refuses', async () => {
    const athlete = await createAthlete(database, { lifts: { squat: '100' }, rules: PROGRESSION });
    const other = await createAthlete(database, {
      lifts: { bench: '80' },
      rules: PROGRESSION,
      accountId: athlete.accountId,
    });
    const idle = await createTeammate(database, athlete);
    await database.transaction(idle.accountId, (tx) =>
      sql`update enrollments set status = 'QUIT', ended_at = now() where user_id = ${idle.userId}`.execute(
        tx.sql,
      ),
    );
    const [progressionId = ''] = athlete.progressionIds;

    expect(await outcomes(athlete, apply(other.progressionIds[0] ?? ''))).toEqual([
      'PROGRESSION_NOT_IN_PROGRAM',
    ]);
    expect(await outcomes(athlete, apply(progressionId, { liftId: other.liftIds.bench ?? '' }))).toEqual([
      'LIFT_NOT_IN_PROGRAM',
    ]);
    expect(await outcomes(idle, apply(progressionId))).toEqual(['NOT_ENROLLED']);
    expect(await maxesOf(athlete)).toHaveLength(1);
  });
});

describe('set_lift_max', () => {
  interface Setting {
    readonly value: string;
    readonly unit?: WeightUnit;
    readonly roundTo?: string;
    readonly rounding?: Rounding;
  }
  const set = ({ liftIds }: Athlete, setting: Setting): ActionInit => ({
    case: 'setLiftMax',
    value: { liftId: liftIds.squat ?? '', maxType: MaxType.TRAINING_MAX, ...setting },
  });

  test('appends a version by hand, unless the value is the same', async () => {
    const athlete = await createAthlete(database, { lifts: { squat: '100' } });

    expect(
      await outcomes(
        athlete,
        set(athlete, { value: '100.00' }),
        set(athlete, { value: '90' }),
        set(athlete, { value: '90.0' }),
      ),
    ).toEqual(['NO_CHANGE', 'DONE', 'NO_CHANGE']);

    expect(await maxesOf(athlete)).toMatchObject([
      { version: 1, value: '100' },
      { version: 2, value: '90', source: 'AUTOMATION' },
    ]);
    expect(await readFacts(database, athlete.userId)).toMatchObject([
      {
        type: 'lift_max_changed',
        data: { lift_id: athlete.liftIds.squat, max_type: 'TRAINING_MAX', value: '90', source: 'AUTOMATION' },
        previous: { value: '100' },
      },
    ]);
    expect(await rowsOf(database, athlete.accountId, 'audit_log')).toHaveLength(1);
  });

  test('creates the first version for an athlete without a program', async () => {
    const athlete = await createAthlete(database, { lifts: { squat: null }, enrolled: false });

    expect(await outcomes(athlete, set(athlete, { value: '47.5' }))).toEqual(['DONE']);

    expect(await maxesOf(athlete)).toMatchObject([{ version: 1, value: '47.5' }]);
  });

  const { KILOGRAM, POUND } = WeightUnit;
  test.each<[Setting, programUnit: string, expected: string]>([
    [{ value: '100', unit: KILOGRAM }, 'KILOGRAM', '100'],
    [{ value: '100', unit: POUND }, 'POUND', '100'],
    [{ value: '100', unit: POUND }, 'KILOGRAM', '45.359237'],
    [{ value: '100', unit: KILOGRAM }, 'POUND', '220.462262'],
    [{ value: '45.359237', unit: KILOGRAM }, 'POUND', '100'],
    [{ value: '45.359237', unit: KILOGRAM, roundTo: '5', rounding: Rounding.UP }, 'POUND', '100'],
    [{ value: '225', unit: POUND, roundTo: '2.5' }, 'KILOGRAM', '102.5'],
    [{ value: '225', unit: POUND, roundTo: '2.5', rounding: Rounding.DOWN }, 'KILOGRAM', '100'],
    [{ value: '101', roundTo: '2.5', rounding: Rounding.UP }, 'KILOGRAM', '102.5'],
    [{ value: '101.25', roundTo: '2.5' }, 'POUND', '102.5'],
    [{ value: '0.0000005' }, '', '0.000001'],
  ])('%o becomes, in a program in %s, %s', async (setting, unit, expected) => {
    const athlete = await createAthlete(database, { lifts: { squat: '1' } });
    await setUnit(athlete, unit);

    await run(athlete, set(athlete, setting));

    expect(await maxesOf(athlete)).toMatchObject([{ version: 1 }, { version: 2, value: expected }]);
  });

  test('fails without a lift, without the program that a unit needs, and without its unit', async () => {
    const athlete = await createAthlete(database, { lifts: { squat: '100' } });
    const idle = await createAthlete(database, { lifts: { squat: '100' }, enrolled: false });
    const foreign = await createAthlete(database, { lifts: { squat: '100' } });

    expect(await outcomes(athlete, set(foreign, { value: '90' }))).toEqual(['LIFT_NOT_FOUND']);
    expect(await outcomes(idle, set(idle, { value: '90', unit: KILOGRAM }))).toEqual(['NOT_ENROLLED']);
    expect(await outcomes(athlete, set(athlete, { value: '90', unit: KILOGRAM }))).toEqual(['UNIT_UNKNOWN']);
    expect(await maxesOf(athlete)).toHaveLength(1);
  });
});

describe('scale_lift_max', () => {
  interface Scaling {
    readonly liftId?: string;
    readonly factor: string;
    readonly roundTo?: string;
    readonly rounding?: Rounding;
  }
  const scale = (scaling: Scaling): ActionInit => ({
    case: 'scaleLiftMax',
    value: { maxType: MaxType.TRAINING_MAX, ...scaling },
  });

  test('scales every lift of the program with a max, each with an audit entry', async () => {
    const athlete = await createAthlete(database, { lifts: { squat: '100', bench: '81', row: null } });

    const made = await run(athlete, scale({ factor: '0.9', roundTo: '2.5' }));

    expect(made).toMatchObject({ state: 'COMPLETED', steps: [{ outcome: 'DONE' }] });
    expect(await maxesOf(athlete)).toMatchObject([
      { slug: 'bench', version: 1, value: '81' },
      { slug: 'bench', version: 2, value: '72.5', source: 'AUTOMATION' },
      { slug: 'squat', version: 1, value: '100' },
      { slug: 'squat', version: 2, value: '90', source: 'AUTOMATION' },
    ]);
    const trail = await rowsOf<{ action: string; actor: string }>(database, athlete.accountId, 'audit_log');
    expect(trail).toHaveLength(2);
    expect(trail).toMatchObject([
      { action: 'SetLiftMax', actor: `workflow:${made.workflowId}` },
      { action: 'SetLiftMax' },
    ]);
    expect(await readFacts(database, athlete.userId)).toMatchObject([
      { type: 'lift_max_changed', data: { value: '90' }, cause: made.cause },
      { type: 'lift_max_changed', data: { value: '72.5' }, cause: made.cause },
    ]);
  });

  test('scales one lift, also without a program', async () => {
    const athlete = await createAthlete(database, { lifts: { squat: '100', bench: '80' }, enrolled: false });
    const liftId = athlete.liftIds.squat ?? '';

    expect(await outcomes(athlete, scale({ liftId, factor: '1.05' }))).toEqual(['DONE']);

    expect(await maxesOf(athlete)).toMatchObject([
      { slug: 'bench', value: '80' },
      { slug: 'squat', value: '100' },
      { slug: 'squat', value: '105' },
    ]);
  });

  test('changes nothing without a max, or when the result is the same', async () => {
    const athlete = await createAthlete(database, { lifts: { squat: '100', bench: null } });

    expect(
      await outcomes(
        athlete,
        scale({ liftId: athlete.liftIds.bench ?? '', factor: '0.9' }),
        scale({ factor: '1' }),
        scale({ factor: '1.01', roundTo: '5' }),
      ),
    ).toEqual(['NO_CHANGE', 'NO_CHANGE', 'NO_CHANGE']);

    expect(await maxesOf(athlete)).toHaveLength(1);
    expect(await rowsOf(database, athlete.accountId, 'audit_log')).toEqual([]);
  });

  test('changes no lift when one of them would be too heavy', async () => {
    const athlete = await createAthlete(database, { lifts: { squat: '100', bench: '999999999999' } });

    expect(await outcomes(athlete, scale({ factor: '10' }))).toEqual(['VALUE_OUT_OF_RANGE']);

    expect(await maxesOf(athlete)).toHaveLength(2);
    expect(await readFacts(database, athlete.userId)).toEqual([]);
  });

  test('fails without a program', async () => {
    const athlete = await createAthlete(database, { lifts: { squat: '100' }, enrolled: false });

    expect(await outcomes(athlete, scale({ factor: '0.9' }))).toEqual(['NOT_ENROLLED']);
  });
});
