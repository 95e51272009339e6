/** RevertLiftMax over the RPCs: the number before, the counters before with the misses since, and what is refused. */
import { describe, expect, test } from 'vitest';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { EnrollmentStatus } from '../../src/gen/progression/v1/program_service_pb.ts';
import { LiftMaxSource } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { expectRefusedUnchanged } from '../support/expect-unchanged.ts';
import { deload, linear } from '../support/rule-fixtures.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';

const db = useTestDatabase();

const RULES = [deload({ failureThreshold: 3, countBy: 'SESSION' }), linear({ requireSuccess: true })];

/** An athlete who squats 100, with two missed sessions. */
async function createMisser() {
  const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: RULES });
  const { userId, accountId, programId } = trainee.athlete;
  const key = { userId, liftId: trainee.liftId('squat'), maxType: MaxType.TRAINING_MAX };
  await trainee.train('squat 3/5');
  await trainee.train('squat 3/5');
  return {
    ...trainee,
    key,
    set: (value: string) => trainee.client.setLiftMax({ ...key, value, reason: 'typed' }),
    revert: (version: number) => trainee.client.revertLiftMax({ ...key, version, reason: 'mistyped' }),
    programs: createCatalogClient(db.database, { accountId, clock: systemClock }).programs,
    audit: () => rowsOf(db.database, accountId, 'audit_log'),
    programId,
  };
}

describe('a max that was set by hand', () => {
  test('is as it was before, with its failure counters, and the audit trail has both', async () => {
    const misser = await createMisser();
    await misser.set('10');
    expect(await misser.failures(0, 'squat')).toBe(0);

    const { liftMax, failureCounters } = await misser.revert(2);

    expect(liftMax).toMatchObject({
      value: '100',
      version: 3,
      source: LiftMaxSource.MANUAL,
      reason: 'mistyped',
    });
    expect(failureCounters).toMatchObject([{ consecutiveFailures: 2 }]);
    expect(await misser.failures(0, 'squat')).toBe(2);
    expect(await misser.audit()).toMatchObject([
      { action: 'SetLiftMax' },
      {
        action: 'RevertLiftMax',
        reason: 'mistyped',
        before: { version: 2, value: '10' },
        after: { version: 3, value: '100', failureCounters: [{ consecutiveFailures: 2 }] },
      },
    ]);
    expect(await misser.train('squat 3/5')).toEqual(['deload squat 100 → 90', 'linear squat TARGET_MISSED']);
  });

  test('counts the misses since', async () => {
    const misser = await createMisser();
    await misser.set('80');
    await misser.train('squat 3/5');

    expect((await misser.revert(2)).failureCounters).toMatchObject([{ consecutiveFailures: 3 }]);
    expect(await misser.failures(0, 'squat')).toBe(3);
  });

  test('gives no failures back where an enrollment began anew since', async () => {
    const misser = await createMisser();
    const { userId } = misser.athlete;
    await misser.set('80');
    await misser.programs.unenrollUser({ userId, status: EnrollmentStatus.QUIT });
    await misser.programs.enrollUser({ userId, programId: misser.programId });

    expect((await misser.revert(2)).failureCounters).toEqual([]);
    expect(await misser.failures(0, 'squat')).toBe(0);
  });

  test('that kept its counters gives its value back only', async () => {
    const misser = await createMisser();
    await misser.client.setLiftMax({ ...misser.key, value: '80', keepFailureCounters: true });

    expect(await misser.revert(2)).toMatchObject({ liftMax: { value: '100' }, failureCounters: [] });
    expect(await misser.failures(0, 'squat')).toBe(2);
  });
});

describe('nothing is written', () => {
  test('for a version that is not the latest, which the refusal names', async () => {
    const misser = await createMisser();
    await misser.set('80');
    await misser.train('squat 5/5');

    const refused = () => misser.revert(2);
    await expectRefusedUnchanged(db.database, refused, 'NOT_LATEST_APPLICATION');
    await expect(refused()).rejects.toThrow('in the way');
  });

  test.each([
    ['the first version', async () => 1],
    [
      'an application',
      async (misser: Awaited<ReturnType<typeof createMisser>>) => {
        await misser.train('squat 5/5');
        return 2;
      },
    ],
    [
      'an undone version, a second time',
      async (misser: Awaited<ReturnType<typeof createMisser>>) => {
        await misser.set('80');
        await misser.revert(2);
        return 3;
      },
    ],
    ['a version that does not exist', async () => 9],
  ])('for %s', async (_, prepare) => {
    const misser = await createMisser();
    const version = await prepare(misser);
    await expectRefusedUnchanged(db.database, () => misser.revert(version), 'NOT_LATEST_APPLICATION');
  });

  test('for a max type that the athlete does not have, and without a reason', async () => {
    const misser = await createMisser();
    const oneRm = { ...misser.key, maxType: MaxType.ONE_RM, version: 1, reason: 'x' };
    await expectRefusal(misser.client.revertLiftMax(oneRm), 'LIFT_MAX_NOT_FOUND');
    const silent = { ...misser.key, version: 1 };
    await expectRefusal(misser.client.revertLiftMax(silent), 'VALIDATION_FAILED', ['reason']);
  });
});
