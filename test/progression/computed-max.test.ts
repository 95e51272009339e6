/** SetLiftMax from a one-rep max and from a set: shares, estimates, rounding, and what the audit trail keeps. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { EstimateFormula, MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { WeightUnit } from '../../src/gen/progression/v1/program_service_pb.ts';
import type { ComputedMaxSchema } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { createLifts, createProgram, present } from '../support/catalog-fixtures.ts';
import { createProgressionClient } from '../support/progression-client.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';

type Computed = MessageInitShape<typeof ComputedMaxSchema>;

const db = useTestDatabase();
const { TRAINING_MAX, ONE_RM, ESTIMATED_ONE_RM } = MaxType;
const { EPLEY, BRZYCKI, UNSPECIFIED } = EstimateFormula;

const tested = (value: string) => ({ from: { case: 'oneRepMax', value } as const });
const set = (weight: string, reps: number, formula: EstimateFormula = UNSPECIFIED) => ({
  from: { case: 'set', value: { weight, reps, formula } } as const,
});

/** An athlete whose program has the squat; the curl is in no program. */
async function createLifter(program: { unit?: WeightUnit; trainingMaxPercent?: string; loadStep?: string }) {
  const catalog = createCatalogClient(db.database, { clock: systemClock });
  const { accountId, programs, users } = catalog;
  const { squat, curl } = await createLifts(catalog, 'squat', 'curl');
  const created = await createProgram(catalog, { slug: 'p', liftIds: [squat], ...program });
  const userId = `${(await users.createUser({ name: 'A lifter' })).user?.id}`;
  await programs.enrollUser({ userId, programId: created.id });
  const client = createProgressionClient(db.database, { accountId });
  const setMax = (maxType: MaxType, computed: Computed, { liftId = squat, value = '' } = {}) =>
    client.setLiftMax({ userId, liftId, maxType, computed, value });
  return {
    ...{ accountId, programs, programId: created.id, userId, squat, curl, client, setMax },
    computedValue: async (maxType: MaxType, computed: Computed, more?: { liftId: string }) =>
      (await setMax(maxType, computed, more)).liftMax?.value,
  };
}

describe('a training max', () => {
  test.each([
    [WeightUnit.POUND, '315', '285'],
    [WeightUnit.KILOGRAM, '152.5', '137.5'],
    [WeightUnit.UNSPECIFIED, '152.5', '137.25'],
  ])('is the program’s share of the one-rep max, rounded to its step (%i)', async (unit, from, value) => {
    const { computedValue } = await createLifter({ unit, trainingMaxPercent: '0.9' });

    expect(await computedValue(TRAINING_MAX, tested(from))).toBe(value);
  });

  test('has the share and the step of the request rather, and the step of the program', async () => {
    const { computedValue } = await createLifter({
      ...{ unit: WeightUnit.KILOGRAM, trainingMaxPercent: '0.9', loadStep: '1' },
    });

    expect(await computedValue(TRAINING_MAX, tested('152.5'))).toBe('137');
    expect(await computedValue(TRAINING_MAX, { ...tested('152.5'), percent: '0.85' })).toBe('130');
    expect(await computedValue(TRAINING_MAX, { ...tested('152.5'), roundTo: '0.25' })).toBe('137.25');
    expect(await computedValue(TRAINING_MAX, set('100', 5, EPLEY))).toBe('105');
  });

  test('needs a share where no program of the lift has one', async () => {
    const { computedValue, setMax, programs, programId, curl } = await createLifter({
      unit: WeightUnit.KILOGRAM,
    });

    await expectRefusal(setMax(TRAINING_MAX, tested('100')), 'VALIDATION_FAILED', ['computed.percent']);
    expect(await computedValue(TRAINING_MAX, { ...tested('100'), percent: '1' })).toBe('100');
    const { program } = await programs.updateProgram({ programId, trainingMaxPercent: '0.90' });
    expect(program?.trainingMaxPercent).toBe('0.9');
    expect(await computedValue(TRAINING_MAX, tested('100'))).toBe('90');
    await expectRefusal(setMax(TRAINING_MAX, tested('100'), { liftId: curl }), 'VALIDATION_FAILED', [
      'computed.percent',
    ]);
  });
});

test.each([
  ['100', 5, EPLEY, '116.666667'],
  ['100', 5, UNSPECIFIED, '116.666667'],
  ['100', 5, BRZYCKI, '112.5'],
  ['100', 10, EPLEY, '133.333333'],
  ['100', 10, BRZYCKI, '133.333333'],
  ['100', 1, EPLEY, '100'],
  ['100', 1, BRZYCKI, '100'],
  ['82.5', 20, EPLEY, '137.5'],
  ['82.5', 20, BRZYCKI, '174.705882'],
])(
  '%s kg for %i repetitions estimate by formula %i a one-rep max of %s kg',
  async (weight, reps, formula, value) => {
    const { computedValue } = await createLifter({ loadStep: '0.000001' });

    expect(await computedValue(ESTIMATED_ONE_RM, set(weight, reps, formula))).toBe(value);
  },
);

test('the audit trail keeps what a max was computed from; SetLiftMaxes computes as well, entry by entry', async () => {
  const { client, userId, squat, setMax, accountId } = await createLifter({
    ...{ unit: WeightUnit.KILOGRAM, trainingMaxPercent: '0.9' },
  });
  await setMax(ONE_RM, set('140', 3, BRZYCKI));
  const entry = { userId, liftId: squat, maxType: TRAINING_MAX };
  const { results } = await client.setLiftMaxes({
    liftMaxes: [
      { ...entry, computed: tested('150') },
      { ...entry, value: '100', computed: tested('150') },
    ],
  });

  expect(results.map(({ result }) => result.case)).toEqual(['liftMax', 'error']);
  const audited = await rowsOf<{ after: { value: string; from: unknown } }>(
    db.database,
    accountId,
    'audit_log',
  );
  expect(audited.flatMap(({ after }) => (after?.from ? [[after.value, after.from]] : []))).toEqual([
    [
      '147.5',
      { weight: '140', reps: 3, formula: 'BRZYCKI', percent: '1', exact: '148.235294', roundTo: '2.5' },
    ],
    ['135', { oneRepMax: '150', percent: '0.9', exact: '135', roundTo: '2.5' }],
  ]);
});

test('zeros, shares above 1, a share of another type, neither value nor both are refused by field', async () => {
  const { setMax, client, userId, squat, programs, programId } = await createLifter({
    ...{ unit: WeightUnit.KILOGRAM, trainingMaxPercent: '0.9' },
  });
  const refused = (call: Promise<unknown>, ...fields: string[]) =>
    expectRefusal(call, 'VALIDATION_FAILED', fields);

  await refused(setMax(TRAINING_MAX, tested('0')), 'computed.one_rep_max');
  await refused(
    setMax(TRAINING_MAX, { ...set('0', 5), percent: '1.1', roundTo: '0' }),
    ...['computed.set.weight', 'computed.round_to', 'computed.percent'],
  );
  await refused(setMax(ONE_RM, { ...tested('100'), percent: '0.9' }), 'computed.percent');
  await refused(setMax(TRAINING_MAX, set('100', 0)), 'computed.set.reps');
  await refused(setMax(TRAINING_MAX, set('100', 21)), 'computed.set.reps');
  await refused(setMax(TRAINING_MAX, {}), 'computed.from');
  await refused(setMax(TRAINING_MAX, tested('100'), { value: '90' }), 'value');
  await refused(client.setLiftMax({ userId, liftId: squat, maxType: ONE_RM }), 'value');
  await refused(programs.updateProgram({ programId, trainingMaxPercent: '0' }), 'training_max_percent');
  await refused(programs.updateProgram({ programId, trainingMaxPercent: '1.5' }), 'training_max_percent');
});

test('copies of 5/3/1 have its share of 0.9', async () => {
  const { programs } = createCatalogClient(db.database, { clock: systemClock });
  const { program } = await programs.copyProgram({
    ...{ from: { case: 'catalogSlug', value: 'wendler-531-bbb-kg' }, slug: 'mine' },
  });
  const copied = await programs.copyProgram({
    ...{ from: { case: 'programId', value: present(program).id }, slug: 'mine-again' },
  });

  expect([program?.trainingMaxPercent, copied.program?.trainingMaxPercent]).toEqual(['0.9', '0.9']);
});
