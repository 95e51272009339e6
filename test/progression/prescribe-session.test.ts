/** PrescribeSession: what to lift next, from the state that the rules change. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { enumName } from '../../src/calls/enum-name.ts';
import { MaxType, SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import type { SetGroupSchema } from '../../src/gen/progression/v1/prescription_pb.ts';
import {
  EnrollmentStatus,
  type ProgramDay,
  WeightUnit,
} from '../../src/gen/progression/v1/program_service_pb.ts';
import {
  type PrescribedSet,
  PrescriptionGapSchema,
} from '../../src/gen/progression/v1/progression_service_pb.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { createLifts, createProgram } from '../support/catalog-fixtures.ts';
import { expectUnchanged } from '../support/expect-unchanged.ts';
import { createProgressionClient } from '../support/progression-client.ts';
import { useTestDatabase } from '../support/test-database.ts';

type Group = MessageInitShape<typeof SetGroupSchema>;

const db = useTestDatabase();
const { TRAINING_MAX, ONE_RM } = MaxType;
const { WARM_UP, WORK, AMRAP, SUPPLEMENTAL } = SetKind;

const ofMax = (percent: string, maxType: MaxType = TRAINING_MAX) =>
  ({ case: 'ofMax', value: { maxType, percent } }) as const;
const work = (sets: number, reps: number, percent: string) => ({
  kind: WORK,
  sets,
  reps,
  load: ofMax(percent),
});

interface Setting {
  readonly groups: Group[];
  readonly roundTo?: string;
  readonly unit?: WeightUnit;
  readonly loadStep?: string;
  readonly weeksPerCycle?: number;
  readonly sessionsPerWeek?: number;
}

/** An athlete on a program that prescribes `groups` for the squat on day a and 3x5 bench presses on day b. */
async function createLifter({ groups, roundTo = '', unit = WeightUnit.KILOGRAM, ...calendar }: Setting) {
  const catalog = createCatalogClient(db.database, { clock: systemClock });
  const { accountId, programs, users } = catalog;
  const lifts = await createLifts(catalog, 'squat', 'bench');
  const program = await createProgram(catalog, {
    ...{ slug: 'p', unit, ...calendar, liftIds: [lifts.squat, lifts.bench] },
    days: [
      {
        slug: 'a',
        liftIds: [lifts.squat, lifts.bench],
        prescriptions: [{ liftId: lifts.squat, groups, roundTo }],
      },
      {
        slug: 'b',
        liftIds: [lifts.bench],
        prescriptions: [{ liftId: lifts.bench, groups: [work(3, 5, '1')] }],
      },
    ] as ProgramDay[],
  });
  const { user } = await users.createUser({ name: 'A lifter' });
  const userId = `${user?.id}`;
  await programs.enrollUser({ userId, programId: program.id });
  const client = createProgressionClient(db.database, { accountId });
  const sets = async (request: { daySlug?: string; weekNumber?: number } = {}) =>
    (await client.prescribeSession({ userId, ...request })).sets;
  return {
    ...{ catalog, client, lifts, program, programs, userId, sets },
    setMax: (lift: 'squat' | 'bench', value: string, maxType: MaxType = TRAINING_MAX) =>
      client.setLiftMax({ userId, liftId: lifts[lift], maxType, value }),
    lines: async (request?: { daySlug?: string; weekNumber?: number }) =>
      (await sets(request)).map(describeSet),
    async finish(daySlug: string, weekNumber = 1) {
      const session = { sessionId: uuidv7(), daySlug, weekNumber, liftsPerformed: [] };
      await client.handleSessionComplete({ userId, session });
      return session.sessionId;
    },
    async place() {
      const { daySlug, weekNumber } = await client.prescribeSession({ userId });
      return `${daySlug} ${weekNumber}`;
    },
  };
}

/** `1 5+ @ 102.5 (102.375)`, the exact load where it is another. */
function describeSet({
  setNumber,
  kind,
  targetReps,
  maxReps,
  load,
  exactLoad,
  rpe,
  gap,
}: PrescribedSet): string {
  const reps = `${targetReps}${maxReps > 0 ? `-${maxReps}` : ''}${kind === AMRAP ? '+' : ''}`;
  const loaded = exactLoad === load ? load : `${load} (${exactLoad})`;
  return `${setNumber} ${reps} @ ${gap > 0 ? enumName(PrescriptionGapSchema, gap) : (rpe ?? loaded)}`;
}

describe('the load of a set', () => {
  test('is a share of the current max, rounded to 2.5 kg, and says where it comes from', async () => {
    const { setMax, sets, lines } = await createLifter({ groups: [work(2, 5, '0.85'), work(1, 3, '0.9')] });
    await setMax('squat', '120');
    await setMax('squat', '122.5');

    expect(await lines()).toEqual(['1 5 @ 105 (104.125)', '2 5 @ 105 (104.125)', '3 3 @ 110 (110.25)']);
    expect((await sets())[0]).toMatchObject({
      kind: WORK,
      source: { maxType: TRAINING_MAX, maxValue: '122.5', maxVersion: 2, percent: '0.85', roundTo: '2.5' },
    });
  });

  test.each([
    ['to 5 lb in pounds', { unit: WeightUnit.POUND }, '105 (104.125)'],
    ['not at all without a unit', { unit: WeightUnit.UNSPECIFIED }, '104.125'],
    ['to the step of the program', { loadStep: '1' }, '104 (104.125)'],
    ['to the step of the lift rather', { loadStep: '1', roundTo: '0.25' }, '104.25 (104.125)'],
    ['up at a tie', { loadStep: '8.25', roundTo: '' }, '107.25 (104.125)'],
  ])('is rounded %s', async (_, setting, load) => {
    const { setMax, lines } = await createLifter({ groups: [work(1, 5, '0.85')], ...setting });
    await setMax('squat', '122.5');

    expect(await lines()).toEqual([`1 5 @ ${load}`]);
  });

  test('is a fixed weight, an offset from another group, or left to feel', async () => {
    const offset = (group: number, kind: { case: 'amount' | 'percent'; value: string }): Group => ({
      ...{ kind: SUPPLEMENTAL, sets: 1, reps: 10 },
      load: { case: 'offset', value: { group, kind } },
    });
    const { setMax, lines, sets } = await createLifter({
      groups: [
        { kind: WARM_UP, sets: 1, reps: 10, load: { case: 'weight', value: '20' } },
        { kind: AMRAP, sets: 1, reps: 5, load: ofMax('0.95', ONE_RM) },
        offset(2, { case: 'percent', value: '-0.2' }),
        offset(2, { case: 'amount', value: '-500' }),
        offset(1, { case: 'amount', value: '10' }),
        { kind: WORK, sets: 1, reps: 8, maxReps: 12, load: { case: 'rpe', value: '8' } },
      ],
    });
    await setMax('squat', '150', ONE_RM);

    expect(await lines()).toEqual([
      '1 10 @ 20',
      '2 5+ @ 142.5',
      '3 10 @ 115 (114)',
      '4 10 @ 0',
      '5 10 @ 30',
      '6 8-12 @ 8',
    ]);
    expect((await sets())[2]?.source).toMatchObject({
      maxValue: '150',
      percent: '0.95',
      offsetPercent: '-0.2',
    });
  });

  test('is missing without a max, and the other sets are answered', async () => {
    const { setMax, lines } = await createLifter({
      groups: [{ ...work(1, 5, '1'), load: ofMax('1', ONE_RM) }, work(1, 5, '1')],
    });
    await setMax('squat', '100');

    expect(await lines()).toEqual(['1 5 @ NO_CURRENT_MAX', '2 5 @ 100']);
  });

  test('is missing where the max is in another unit than the program', async () => {
    const { client, userId, lifts, programs, program, lines } = await createLifter({
      groups: [work(1, 5, '1')],
    });
    await programs.unenrollUser({ userId, status: EnrollmentStatus.PAUSED });
    const max = { userId, maxType: TRAINING_MAX, value: '225', unit: WeightUnit.POUND };
    await client.setLiftMax({ ...max, liftId: lifts.squat });
    await programs.updateProgram({
      programId: program.id,
      replaceDays: true,
      replaceLifts: true,
      liftIds: [],
    });
    await programs.enrollUser({ userId, programId: program.id });
    const prescriptions = [{ liftId: lifts.squat, groups: [work(1, 5, '1')] }];
    await programs.updateProgram({
      ...{ programId: program.id, replaceLifts: true, liftIds: [lifts.squat] },
      ...{ replaceDays: true, days: [{ slug: 'a', liftIds: [lifts.squat], prescriptions }] },
    });

    expect(await lines()).toEqual(['1 5 @ UNIT_MISMATCH']);
  });

  test('is the same when it is asked for again, and asking changes nothing', async () => {
    const { setMax, sets } = await createLifter({ groups: [work(5, 5, '1')] });
    await setMax('squat', '100');

    const [first, second] = await expectUnchanged(db.database, async () => [await sets(), await sets()]);
    expect(second).toEqual(first);
  });
});

describe('sets of the stage', () => {
  const groups: Group[] = [
    work(1, 5, '0.5'),
    { kind: WORK, load: { case: 'stage', value: { maxType: TRAINING_MAX, percent: '1' } } },
  ];

  test('are those of the stage that the athlete is at, the last one AMRAP where the stage says so', async () => {
    const { setMax, lines, sets, programs, program, client, userId, lifts } = await createLifter({ groups });
    await setMax('squat', '100');
    const scheme = (name: string, count: number, reps: number, isAmrap: boolean) => ({
      ...{ name, sets: count, reps, isAmrap, minVolume: count * reps },
    });
    const stages = [scheme('3x3+', 3, 3, true), scheme('2x2', 2, 2, false)];
    const { progression } = await programs.createProgression({
      name: 'stages',
      parameters: { rule: { case: 'stageProgression', value: { maxType: TRAINING_MAX, stages } } },
    });
    const progressionId = `${progression?.id}`;
    await programs.createProgramProgression({
      programId: program.id,
      progressionId,
      priority: 1,
      enabled: true,
    });

    expect(await lines()).toEqual(['1 5 @ 50', '2 3 @ 100', '3 3 @ 100', '4 3+ @ 100']);
    expect((await sets())[1]?.stage).toMatchObject({ index: 0, name: '3x3+' });

    const state = { userId, liftId: lifts.squat, progressionId, reason: 'a test' };
    await client.setProgressionState({ ...state, stage: 1 });
    expect(await lines()).toEqual(['1 5 @ 50', '2 2 @ 100', '3 2 @ 100']);
  });

  test('say NO_STAGE when the program has no such rule for the lift', async () => {
    const { setMax, lines } = await createLifter({ groups });
    await setMax('squat', '100');

    expect(await lines()).toEqual(['1 5 @ 50', '2 0 @ NO_STAGE']);
  });
});

describe('the day and the week', () => {
  const wave = [65, 70, 75].map(
    (percent, index): Group => ({
      ...work(1, 5 - 2 * index, `0.${percent}`),
      weeks: [index + 1],
    }),
  );

  test('are as asked', async () => {
    const { setMax, lines, client, userId } = await createLifter({ groups: wave, weeksPerCycle: 4 });
    await setMax('squat', '100');
    await setMax('bench', '60');

    expect(await lines({ daySlug: 'a', weekNumber: 3 })).toEqual(['1 1 @ 75']);
    expect(await lines({ daySlug: 'a', weekNumber: 4 })).toEqual([]);
    expect(await lines({ daySlug: 'b' })).toEqual(['1 5 @ 60', '2 5 @ 60', '3 5 @ 60']);
    const { unprescribedLiftIds, unit } = await client.prescribeSession({ userId, daySlug: 'a' });
    expect([unprescribedLiftIds.length, unit]).toEqual([1, WeightUnit.KILOGRAM]);
  });

  test('are else the next ones: the day in turn, the week of the latest event', async () => {
    const { finish, place, client, userId } = await createLifter({ groups: wave, weeksPerCycle: 3 });
    const advance = (previousWeek: number, newWeek: number) =>
      client.handleWeekAdvance({ userId, week: { previousWeek, newWeek, cycleIteration: 1 } });

    expect(await place()).toBe('a 1');
    await finish('a');
    expect(await place()).toBe('b 1');
    await finish('b');
    expect(await place()).toBe('a 1');
    await advance(1, 2);
    expect(await place()).toBe('a 2');
    await finish('a', 2);
    await advance(2, 3);
    await advance(3, 1);
    await client.handleCycleComplete({ userId, cycle: { completedCycle: 1, newCycle: 2, totalWeeks: 3 } });
    expect(await place()).toBe('b 1');
  });

  test('are where PrescribeWeeks begins, which goes on week by week and cycle by cycle', async () => {
    const { finish, client, userId } = await createLifter({
      groups: wave,
      weeksPerCycle: 3,
      sessionsPerWeek: 1,
    });
    await finish('a', 3);

    const { sessions, unit } = await client.prescribeWeeks({ userId, weeks: 3 });

    expect(unit).toBe(WeightUnit.KILOGRAM);
    expect(sessions.map((ahead) => [ahead.session, ahead.daySlug, ahead.weekNumber, ahead.cycle])).toEqual([
      [1, 'b', 3, 1],
      [2, 'a', 1, 2],
      [3, 'b', 2, 2],
    ]);
    await expectRefusal(client.prescribeWeeks({ userId, weeks: 17 }), 'VALIDATION_FAILED', ['weeks']);
  });

  test('go back when the session is undone', async () => {
    const { finish, place, client, userId } = await createLifter({ groups: wave, weeksPerCycle: 3 });
    await finish('a');
    const sessionId = await finish('b', 2);
    expect(await place()).toBe('a 2');

    await client.revertEvent({
      userId,
      event: { case: 'sessionId', value: sessionId },
      reason: 'a wrong day',
    });

    expect(await place()).toBe('b 1');
  });

  test('begin anew with a new enrollment, and go on where a paused one is resumed', async () => {
    const { finish, place, programs, userId, program } = await createLifter({
      groups: wave,
      weeksPerCycle: 3,
    });
    const again = async (status: EnrollmentStatus) => {
      await programs.unenrollUser({ userId, status });
      await programs.enrollUser({ userId, programId: program.id });
    };
    await finish('a', 2);

    await again(EnrollmentStatus.PAUSED);
    expect(await place()).toBe('b 2');
    await again(EnrollmentStatus.QUIT);
    expect(await place()).toBe('a 1');
  });

  test('are refused when the program does not have them', async () => {
    const { client, userId } = await createLifter({ groups: wave, weeksPerCycle: 3 });

    await expectRefusal(
      client.prescribeSession({ userId, daySlug: 'c', weekNumber: 4 }),
      'VALIDATION_FAILED',
      ['day_slug', 'week_number'],
    );
  });
});

test('the sets can be logged as they are answered: met, none failed', async () => {
  const { setMax, sets, client, userId } = await createLifter({ groups: [work(3, 5, '0.85')] });
  await setMax('squat', '122.5');
  const prescribed = await sets();

  const logged = await client.logSets({
    userId,
    sessionId: uuidv7(),
    sets: prescribed.map(({ liftId, setNumber, kind, targetReps, load }) => ({
      ...{ liftId, setNumber, kind, targetReps, repsPerformed: targetReps, weight: load, targetWeight: load },
    })),
  });

  expect(logged.sets.map(({ failed, targetWeight }) => [failed, targetWeight])).toEqual(
    Array(3).fill([false, '105']),
  );
});
