/** SetEquipment, GetEquipment and DeleteEquipment, and the loads that PrescribeSession rounds to them. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { enumName } from '../../src/calls/enum-name.ts';
import { MaxType, SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import {
  type EquipmentSchema,
  Implement,
  LoadLimitSchema,
} from '../../src/gen/progression/v1/equipment_pb.ts';
import { type ProgramDay, Rounding, WeightUnit } from '../../src/gen/progression/v1/program_service_pb.ts';
import { GetEquipmentResponseSchema } from '../../src/gen/progression/v1/user_service_pb.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { createLifts, createProgram } from '../support/catalog-fixtures.ts';
import { createProgressionClient } from '../support/progression-client.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';

type EquipmentInit = MessageInitShape<typeof EquipmentSchema>;

const db = useTestDatabase();
const { KILOGRAM, POUND } = WeightUnit;

const plates = (unit: WeightUnit, pairsOf: Record<string, number>) =>
  Object.entries(pairsOf).map(([weight, pairs]) => ({ weight, unit, pairs }));
const GYM = { '25': 4, '20': 1, '15': 1, '10': 1, '5': 1, '2.5': 1, '1.25': 1 };
const HOME: EquipmentInit = {
  bars: [{ weight: '20', unit: KILOGRAM }],
  plates: plates(KILOGRAM, GYM),
};

interface Setting {
  readonly unit?: WeightUnit;
  readonly loadStep?: string;
}

/** An athlete who squats, rows and curls 5 repetitions at the training max; each set as a line of text. */
async function createLifter({ unit = KILOGRAM, loadStep = '' }: Setting = {}) {
  const catalog = createCatalogClient(db.database, { clock: systemClock });
  const { accountId, programs, users, audit } = catalog;
  const lifts = await createLifts(catalog, 'squat', 'row', 'curl');
  const liftIds = Object.values(lifts);
  const program = await createProgram(catalog, {
    ...{ slug: 'p', unit, loadStep, liftIds },
    days: [
      {
        ...{ slug: 'a', liftIds },
        prescriptions: liftIds.map((liftId) => ({
          liftId,
          groups: [
            {
              ...{ kind: SetKind.WORK, sets: 1, reps: 5 },
              load: { case: 'ofMax', value: { maxType: MaxType.TRAINING_MAX, percent: '1' } },
            },
          ],
        })),
      },
    ] as ProgramDay[],
  });
  const userId = `${(await users.createUser({ name: 'A lifter' })).user?.id}`;
  await programs.enrollUser({ userId, programId: program.id });
  const client = createProgressionClient(db.database, { accountId });
  const setOf = async (lift: keyof typeof lifts) => {
    const { sets } = await client.prescribeSession({ userId });
    return sets.find(({ liftId }) => liftId === lifts[lift]);
  };
  return {
    ...{ accountId, userId, lifts, users, audit, client, setOf },
    set: (equipment: EquipmentInit, whose = '') => users.setEquipment({ userId: whose, equipment }),
    /** `105 = 20 + 2x(25 + 15 + 2.5)`, of a training max. */
    async lineOf(lift: keyof typeof lifts, max: string) {
      await client.setLiftMax({ userId, liftId: lifts[lift], maxType: MaxType.TRAINING_MAX, value: max });
      const set = await setOf(lift);
      const { loading } = set ?? {};
      if (!loading) {
        return `${set?.load}, to ${set?.source?.roundTo || 'nothing'}`;
      }
      const side = loading.platesPerSide.map(
        ({ weight, count, unit: of }) =>
          `${count > 1 ? `${count}x` : ''}${weight}${of === POUND ? ' lb' : ''}`,
      );
      const made =
        loading.implement === Implement.BARBELL
          ? [loading.barWeight, ...(side.length > 0 ? [`2x(${side.join(' + ')})`] : [])].join(' + ')
          : `a multiple of ${loading.step}`;
      return `${set?.load} = ${made}${loading.limit ? ` ${enumName(LoadLimitSchema, loading.limit)}` : ''}`;
    },
  };
}

describe('a prescribed load', () => {
  test('is the nearest one that the plates make, with the plates per side', async () => {
    const { set, lineOf, setOf } = await createLifter();
    expect(await lineOf('squat', '104')).toBe('105, to 2.5');
    await set(HOME);

    expect(await lineOf('squat', '104')).toBe('105 = 20 + 2x(25 + 15 + 2.5)');
    expect(await lineOf('squat', '103.75')).toBe('105 = 20 + 2x(25 + 15 + 2.5)');
    expect(await lineOf('squat', '103.749999')).toBe('102.5 = 20 + 2x(25 + 15 + 1.25)');
    expect(await lineOf('squat', '160')).toBe('160 = 20 + 2x(2x25 + 20)');
    expect((await setOf('squat'))?.source).toMatchObject({ maxValue: '160', roundTo: '' });
  });

  test('is what there are pairs for, and says so beyond the lightest and the heaviest', async () => {
    const { set, lineOf } = await createLifter();
    await set({ ...HOME, plates: plates(KILOGRAM, { '20': 1, '5': 1 }) });

    expect(await lineOf('squat', '62')).toBe('60 = 20 + 2x(20)');
    expect(await lineOf('squat', '100')).toBe('70 = 20 + 2x(20 + 5) HEAVIEST');
    expect(await lineOf('squat', '12')).toBe('20 = 20 LIGHTEST');
  });

  test.each([
    [Rounding.DOWN, '69.9', '60 = 20 + 2x(20)'],
    [Rounding.UP, '60.1', '70 = 20 + 2x(20 + 5)'],
    [Rounding.NEAREST, '65', '70 = 20 + 2x(20 + 5)'],
  ])('is rounded as the equipment says (%i)', async (rounding, max, line) => {
    const { set, lineOf } = await createLifter();
    await set({ ...HOME, rounding, plates: plates(KILOGRAM, { '20': 1, '5': 1 }) });

    expect(await lineOf('squat', max)).toBe(line);
  });

  test('is in the unit of the program, of plates in pounds and in kilograms together', async () => {
    const { set, lineOf } = await createLifter({ unit: POUND });
    await set({
      bars: [{ weight: '45', unit: POUND }],
      plates: [...plates(POUND, { '45': 2, '25': 1 }), ...plates(KILOGRAM, { '1.25': 1 })],
    });

    expect(await lineOf('squat', '225')).toBe('225 = 45 + 2x(2x45 lb)');
    expect(await lineOf('squat', '231')).toBe('230.511557 = 45 + 2x(1.25 + 2x45 lb)');
  });

  test('has the bar of its lift, and the steps of dumbbells and machines', async () => {
    const { set, lineOf, lifts } = await createLifter();
    await set({
      bars: [
        { weight: '20', unit: KILOGRAM },
        { weight: '15', unit: KILOGRAM, liftIds: [lifts.row] },
      ],
      plates: plates(KILOGRAM, GYM),
      steps: [{ implement: Implement.DUMBBELL, step: '2', unit: KILOGRAM, liftIds: [lifts.curl] }],
    });

    expect(await lineOf('row', '60')).toBe('60 = 15 + 2x(20 + 2.5)');
    expect(await lineOf('curl', '13')).toBe('14 = a multiple of 2');
    expect(await lineOf('curl', '12.9')).toBe('12 = a multiple of 2');
  });

  test('is rounded to the program’s step for lifts, units and bars that no equipment is known for', async () => {
    const { set, lineOf, lifts } = await createLifter({ loadStep: '1' });
    await set({
      ...HOME,
      bars: [{ weight: '20', unit: KILOGRAM, liftIds: [lifts.row] }],
    });
    expect(await lineOf('squat', '61.2')).toBe('61, to 1');
    expect(await lineOf('row', '61.2')).toBe('60 = 20 + 2x(20)');
    await set({ bars: [{ weight: '20', unit: KILOGRAM }] });
    expect(await lineOf('squat', '61.2')).toBe('61, to 1');

    const unitless = await createLifter({ unit: WeightUnit.UNSPECIFIED });
    await unitless.set(HOME);
    expect(await unitless.lineOf('squat', '61.2')).toBe('61.2, to nothing');
  });

  test('is rounded the same in the weeks ahead', async () => {
    const { set, lineOf, client, userId, lifts } = await createLifter();
    await set({ ...HOME, plates: plates(KILOGRAM, { '20': 1 }) });
    await lineOf('squat', '58');

    const { sessions } = await client.prescribeWeeks({ userId, weeks: 1 });
    const squat = sessions[0]?.sets.find(({ liftId }) => liftId === lifts.squat);
    expect([squat?.load, squat?.loading?.platesPerSide.length]).toEqual(['60', 1]);
  });
});

describe('the equipment of an athlete', () => {
  test('replaces the parts of the account’s that it has; deleted, the account’s counts', async () => {
    const { set, lineOf, lifts, users, userId } = await createLifter();
    await set({
      bars: [{ weight: '20', unit: KILOGRAM }],
      plates: plates(KILOGRAM, GYM),
      steps: [{ implement: Implement.MACHINE, step: '5', unit: KILOGRAM, liftIds: [lifts.curl, lifts.row] }],
    });
    const { equipment: own } = await set(
      {
        bars: [
          { weight: '15', unit: KILOGRAM, liftIds: [lifts.row] },
          { weight: '10', unit: KILOGRAM },
        ],
        rounding: Rounding.DOWN,
      },
      userId,
    );

    expect(await lineOf('squat', '61')).toBe('60 = 10 + 2x(25)');
    expect(await lineOf('row', '61')).toBe('60 = 15 + 2x(20 + 2.5)');
    expect(await lineOf('curl', '14')).toBe('10 = a multiple of 5');
    const read = await users.getEquipment({ userId });
    expect(read.equipment).toEqual(own);
    expect(read.effective?.bars.map(({ weight }) => weight)).toEqual(['15', '10']);
    expect(read.effective).toMatchObject({ rounding: Rounding.DOWN, steps: [{ liftIds: [lifts.curl] }] });
    expect(read.effective?.plates).toHaveLength(7);

    await users.deleteEquipment({ userId, reason: 'back at the gym' });
    expect(await lineOf('row', '61')).toBe('60 = a multiple of 5');
    await users.deleteEquipment({});
    expect(await lineOf('row', '61')).toBe('60, to 2.5');
    expect(await users.getEquipment({ userId })).toEqual(create(GetEquipmentResponseSchema));
    await expectRefusal(users.deleteEquipment({ userId }), 'EQUIPMENT_NOT_FOUND');
    await expectRefusal(users.deleteEquipment({}), 'EQUIPMENT_NOT_FOUND');
  });

  test('is audited, and removed when the athlete is erased; the account’s stays', async () => {
    const { set, users, userId, audit, accountId } = await createLifter();
    await set(HOME);
    await set(HOME, userId);
    await set({ ...HOME, rounding: Rounding.UP }, userId);
    const { entries } = await audit.listAuditEntries({});
    expect(entries.filter(({ targetType }) => targetType === 'equipment')).toMatchObject([
      { action: 'SetEquipment', userId },
      { action: 'SetEquipment', userId },
      { action: 'SetEquipment', userId: '' },
    ]);

    await users.eraseUser({ userId });
    const rows = await rowsOf(db.database, accountId, 'equipment');
    expect(rows.map(({ user_id }) => user_id)).toEqual([null]);
  });
});

describe('equipment is refused', () => {
  test('with weights of 0, twice the same plates, lifts or bars, and too many loads, by field', async () => {
    const { set, lifts } = await createLifter();
    const refused = (equipment: EquipmentInit, ...fields: string[]) =>
      expectRefusal(set(equipment), 'VALIDATION_FAILED', fields);
    const bar = { weight: '20', unit: KILOGRAM };
    const machine = { implement: Implement.MACHINE, step: '5', unit: KILOGRAM, liftIds: [lifts.curl] };

    await refused({}, 'equipment');
    await refused({ plates: plates(KILOGRAM, { '1.5': 1, '0.0': 2 }) }, 'equipment.plates[1].weight');
    await refused({ plates: plates(KILOGRAM, { '20': 0 }) }, 'equipment.plates[0].pairs');
    await refused({ plates: plates(KILOGRAM, { '20': 1, '20.0': 2 }) }, 'equipment.plates[1].weight');
    await refused({ plates: [{ weight: '20', pairs: 1 }] }, 'equipment.plates[0].unit');
    await refused({ plates: plates(KILOGRAM, { '-5': 1 }) }, 'equipment.plates[0].weight');
    await refused({ steps: [{ ...machine, step: '0.0' }] }, 'equipment.steps[0].step');
    await refused({ steps: [{ ...machine, implement: Implement.BARBELL }] }, 'equipment.steps[0].implement');
    await refused({ bars: [bar, { ...bar, weight: '15' }] }, 'equipment.bars[1].lift_ids');
    await refused(
      { bars: [{ ...bar, liftIds: [lifts.curl.toUpperCase()] }], steps: [machine] },
      'equipment.steps[0].lift_ids',
    );
    await refused({ plates: plates(KILOGRAM, { '25': 8, '0.01': 1 }) }, 'equipment.plates');
  });

  test('of lifts and athletes that do not exist', async () => {
    const { set, users } = await createLifter();
    const bars = [{ weight: '20', unit: KILOGRAM, liftIds: [uuidv7()] }];

    await expectRefusal(set({ bars }), 'LIFT_NOT_FOUND');
    await expectRefusal(set(HOME, uuidv7()), 'USER_NOT_FOUND');
    await expectRefusal(users.getEquipment({ userId: uuidv7() }), 'USER_NOT_FOUND');
    await expectRefusal(users.deleteEquipment({ userId: uuidv7() }), 'USER_NOT_FOUND');
    expect(await users.getEquipment({})).toEqual(create(GetEquipmentResponseSchema));
  });
});
