/** Lift maxes have a unit: given, kept by every change, and settled when an athlete enrolls. */
import { describe, expect, test } from 'vitest';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import {
  EnrollmentStatus,
  UnitMismatch,
  WeightUnit,
} from '../../src/gen/progression/v1/program_service_pb.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { expectRefusedUnchanged } from '../support/expect-unchanged.ts';
import { linear } from '../support/rule-fixtures.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';

const db = useTestDatabase();

const { KILOGRAM, POUND, UNSPECIFIED } = WeightUnit;
const { TRAINING_MAX } = MaxType;

/** An athlete of a program with squat, bench and row in kilograms, and a program in pounds without the row. */
async function createLifter() {
  const trainee = await createTrainee(db.database, {
    lifts: { squat: null, bench: '60', row: null },
    rules: [linear()],
  });
  const { client } = trainee;
  const { accountId, userId, programId } = trainee.athlete;
  const { programs } = createCatalogClient(db.database, { accountId, clock: systemClock });
  const liftIds = [trainee.liftId('squat'), trainee.liftId('bench')];
  await programs.updateProgram({ programId, unit: KILOGRAM });
  const inPounds = { slug: 'pounds', name: 'Pounds', unit: POUND, liftIds };
  const pounds = `${(await programs.createProgram(inPounds)).program?.id}`;
  const of = (slug: string) => ({ userId, liftId: trainee.liftId(slug), maxType: TRAINING_MAX });
  return {
    ...trainee,
    programs,
    pounds,
    set: (slug: string, value: string, unit?: typeof POUND | typeof KILOGRAM) =>
      client.setLiftMax({ ...of(slug), value, unit: unit ?? UNSPECIFIED }),
    maxOf: async (slug: string) => {
      const { liftMax } = await client.getLiftMax(of(slug));
      return [liftMax?.value, liftMax?.unit, liftMax?.version];
    },
    leave: () => programs.unenrollUser({ userId, status: EnrollmentStatus.QUIT }),
    enroll: (
      programId: string,
      unitMismatch?: typeof UnitMismatch.CONVERT | typeof UnitMismatch.RELABEL,
      roundTo = '',
    ) =>
      programs.enrollUser({
        userId,
        programId,
        unitMismatch: unitMismatch ?? UnitMismatch.UNSPECIFIED,
        convertRoundTo: roundTo,
      }),
  };
}

describe('the unit of a max', () => {
  test('is unknown for older ones, the ACTIVE program’s when a max is set, and kept by rules and reverts', async () => {
    const { client, athlete, set, maxOf, train } = await createLifter();
    expect(await maxOf('bench')).toEqual(['60', UNSPECIFIED, 1]);
    await set('squat', '100');
    expect(await maxOf('squat')).toEqual(['100', KILOGRAM, 1]);

    await train('squat 5/5');
    expect(await maxOf('squat')).toEqual(['102.5', KILOGRAM, 2]);
    const { userId } = athlete;
    const { logs } = await client.listProgressionLogs({ userId });
    await client.revertProgression({ userId, logId: `${logs[0]?.id}`, reason: 'a slip' });
    expect(await maxOf('squat')).toEqual(['100', KILOGRAM, 3]);
    const { finalLiftMaxes } = await client.simulateProgressions({
      userId,
      horizon: { case: 'weeks', value: 1 },
    });
    expect(finalLiftMaxes.map(({ unit }) => unit).toSorted()).toEqual([UNSPECIFIED, KILOGRAM]);
  });

  test('is the one in SetLiftMax, except for a lift of a program in another unit', async () => {
    const { set, maxOf, leave } = await createLifter();

    await expectRefusedUnchanged(db.database, () => set('squat', '225', POUND), 'UNIT_MISMATCH');
    await leave();
    await set('squat', '225', POUND);
    await set('squat', '230');
    expect(await maxOf('squat')).toEqual(['230', POUND, 2]);
  });

  test('is part of the event', async () => {
    const { set, athlete } = await createLifter();
    await set('bench', '60');

    const [entry] = (await rowsOf(db.database, athlete.accountId, 'outbox')).slice(-1);
    expect(entry).toMatchObject({
      facts: [
        {
          type: 'lift_max_changed',
          data: { value: '60', unit: 'KILOGRAM', delta: null },
          previous: { value: '60' },
        },
      ],
    });
  });
});

describe('enrolling with maxes in another unit', () => {
  async function createMover() {
    const lifter = await createLifter();
    await lifter.set('squat', '100');
    await lifter.set('row', '70');
    await lifter.leave();
    return lifter;
  }

  test('is refused when the request does not say whether to convert', async () => {
    const { enroll, pounds, athlete, liftId } = await createMover();

    const error = await expectRefusedUnchanged(db.database, () => enroll(pounds), 'UNIT_MISMATCH');
    expect(JSON.stringify(error.details)).not.toContain(liftId('bench'));
    await enroll(athlete.programId);
  });

  test('converts exactly and rounds once, to 5 lb by default', async () => {
    const { enroll, pounds, maxOf, athlete } = await createMover();
    await enroll(pounds, UnitMismatch.CONVERT);

    // 100 kg are 220.46226 lb.
    expect(await maxOf('squat')).toEqual(['220', POUND, 2]);
    expect(await maxOf('bench')).toEqual(['60', UNSPECIFIED, 1]);
    expect(await maxOf('row')).toEqual(['70', KILOGRAM, 1]);
    const audit = (await rowsOf(db.database, athlete.accountId, 'audit_log')).filter(
      ({ action }) => action === 'EnrollUser',
    );
    expect(audit).toMatchObject([
      {
        target_type: 'program',
        before: { liftMaxes: [{ value: '100', unit: 'KILOGRAM', version: 1 }] },
        after: { liftMaxes: [{ value: '220', unit: 'POUND', version: 2 }] },
      },
    ]);
  });

  test.each([
    ['0.1', '220.5'],
    ['0.000001', '220.462262'],
    ['25', '225'],
  ])('rounds to %s when the request says so: %s', async (roundTo, value) => {
    const { enroll, pounds, maxOf } = await createMover();
    await enroll(pounds, UnitMismatch.CONVERT, roundTo);

    expect(await maxOf('squat')).toEqual([value, POUND, 2]);
  });

  test('keeps the numbers when they are relabelled', async () => {
    const { enroll, pounds, maxOf } = await createMover();
    await enroll(pounds, UnitMismatch.RELABEL);

    expect(await maxOf('squat')).toEqual(['100', POUND, 2]);
  });

  test('does not round to nothing', async () => {
    const { enroll, pounds } = await createMover();

    for (const roundTo of ['0', '0.0', '-5', '5lb']) {
      await expectRefusal(enroll(pounds, UnitMismatch.CONVERT, roundTo), 'VALIDATION_FAILED', [
        'convert_round_to',
      ]);
    }
  });
});
