/** Overrides for one athlete: a program row is off, or has other figures, without a copy of the program. */
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import {
  EnrollmentStatus,
  type SetEnrollmentOverrideRequest,
} from '../../src/gen/progression/v1/program_service_pb.ts';
import { type Instant, instantFromText, instantToTimestamp } from '../../src/values/instant.ts';
import { createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { createTeammate } from '../support/fixtures.ts';
import { cycle, deload, linear } from '../support/rule-fixtures.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, traineeWith } from '../support/trainee.ts';

const db = useTestDatabase();

const DAY = 86_400_000_000n;
const START: Instant = instantFromText('2026-01-01T00:00:00Z');

type Figures = Partial<Omit<SetEnrollmentOverrideRequest, '$typeName' | '$unknown' | 'expiresAt'>> & {
  readonly expiresAt?: { seconds: bigint; nanos: number };
};

async function createTeam() {
  const trainee = await createTrainee(db.database, {
    lifts: { squat: '100', bench: '60' },
    rules: [linear(), deload(), cycle()],
  });
  const mate = traineeWith(trainee, {
    athlete: await createTeammate(db.database, trainee.athlete, { squat: '100', bench: '60' }),
  });
  const { accountId, userId, programProgressionIds } = trainee.athlete;
  const { programs, users } = createCatalogClient(db.database, { accountId });
  const override = (row: number, figures: Figures) =>
    programs.setEnrollmentOverride({
      ...{ userId, programProgressionId: `${programProgressionIds[row]}`, ...figures },
    });
  return { ...trainee, mate, programs, users, override };
}

test('a row is off for one athlete, for one lift, until a date; teammates and other lifts go on', async () => {
  const { startSession, mate, override, liftId } = await createTeam();
  await override(0, {
    ...{ liftId: liftId('squat'), off: true, reason: 'a sore knee' },
    expiresAt: instantToTimestamp(START + 2n * DAY),
  });

  expect(await startSession().finish('squat bench', { at: START + DAY })).toEqual([
    'linear squat OFF_FOR_ATHLETE',
    'linear bench 60 → 62.5',
  ]);
  expect(await mate.startSession().finish('squat', { at: START + DAY })).toContain(
    'linear squat 100 → 102.5',
  );
  expect(await startSession().finish('squat', { at: START + 2n * DAY })).toContain(
    'linear squat 100 → 102.5',
  );
});

test('another increment, floor and ceiling apply in place of the program’s, and results name the override', async () => {
  const { startSession, override, liftId, client, athlete } = await createTeam();
  const { enrollmentOverride } = await override(0, { increment: '1.25' });
  await override(0, { liftId: liftId('bench'), increment: '5', maxValue: '63' });
  await override(1, { minValue: '95' });

  const { outcome } = await client.handleSessionComplete({
    userId: athlete.userId,
    session: {
      ...{ sessionId: uuidv7(), daySlug: 'a', weekNumber: 1 },
      liftsPerformed: [liftId('squat'), liftId('bench')],
    },
  });
  expect(outcome?.results.map(({ newValue }) => newValue)).toEqual(['101.25', '63']);
  expect(outcome?.results[0]?.overrideId).toBe(enrollmentOverride?.id);
  expect(await startSession().log('squat 3/5')).toEqual(['deload squat 101.25 → 95']);
});

test('a counter does not change while its rule is off', async () => {
  const { startSession, override, failures } = await createTeam();
  await override(1, { off: true });
  await startSession().log('squat 3/5');

  expect(await failures(1, 'squat')).toBe(0);
});

test('an override is replaced, listed, deleted and audited; it ends with its enrollment', async () => {
  const { startSession, override, programs, athlete, train } = await createTeam();
  const { userId, accountId, programId } = athlete;
  const first = await override(0, { off: true, reason: 'travel' });
  const second = await override(0, { increment: '1' });
  expect(second.enrollmentOverride?.id).toBe(first.enrollmentOverride?.id);
  const { enrollmentOverrides } = await programs.listEnrollmentOverrides({ userId });
  expect(enrollmentOverrides).toMatchObject([{ off: false, increment: '1', minValue: '', reason: '' }]);
  expect(await startSession().finish('squat')).toContain('linear squat 100 → 101');

  const overrideId = `${first.enrollmentOverride?.id}`;
  await programs.deleteEnrollmentOverride({ userId, overrideId });
  await expectRefusal(
    programs.deleteEnrollmentOverride({ userId, overrideId }),
    'ENROLLMENT_OVERRIDE_NOT_FOUND',
  );
  expect(await startSession().finish('squat')).toContain('linear squat 101 → 103.5');
  const audited = await rowsOf(db.database, accountId, 'audit_log');
  expect(audited.map(({ action }) => action)).toEqual([
    'SetEnrollmentOverride',
    'SetEnrollmentOverride',
    'DeleteEnrollmentOverride',
  ]);

  await override(0, { off: true });
  await programs.unenrollUser({ userId, status: EnrollmentStatus.QUIT });
  await programs.enrollUser({ userId, programId });
  expect(await train('squat 5/5')).toContain('linear squat 103.5 → 106');
});

test('contradictory values, rows and lifts of others, and athletes without a program are refused', async () => {
  const { override, programs, athlete } = await createTeam();
  const other = await createTeam();
  const { userId } = athlete;

  await expectRefusal(override(0, {}), 'VALIDATION_FAILED', ['off']);
  await expectRefusal(override(0, { off: true, increment: '1' }), 'VALIDATION_FAILED', ['off']);
  await expectRefusal(override(0, { increment: '0' }), 'VALIDATION_FAILED', ['increment']);
  await expectRefusal(override(1, { increment: '1' }), 'VALIDATION_FAILED', ['increment']);
  await expectRefusal(override(0, { minValue: '5', maxValue: '4' }), 'VALIDATION_FAILED', ['max_value']);
  await expectRefusal(override(0, { off: true, liftId: uuidv7() }), 'LIFT_NOT_IN_PROGRAM');
  await expectRefusal(
    programs.setEnrollmentOverride({
      ...{ userId, off: true, programProgressionId: other.athlete.programProgressionIds[0] },
    }),
    'PROGRAM_PROGRESSION_NOT_FOUND',
  );
  await programs.unenrollUser({ userId, status: EnrollmentStatus.QUIT });
  await expectRefusal(override(0, { off: true }), 'NOT_ENROLLED');
});

test('EraseUser removes the athlete’s overrides, with their reasons', async () => {
  const { override, users, athlete } = await createTeam();
  await override(0, { off: true, reason: 'a sore knee' });
  await users.eraseUser({ userId: athlete.userId });

  expect(await rowsOf(db.database, athlete.accountId, 'enrollment_overrides')).toEqual([]);
});
