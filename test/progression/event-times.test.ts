/** Event times, recording times, and the order of applications of one instant. */
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import {
  type Instant,
  instantFromText,
  instantFromTimestamp,
  instantToTimestamp,
} from '../../src/values/instant.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { expectRefusedUnchanged } from '../support/expect-unchanged.ts';
import { amrap, deload, linear } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee } from '../support/trainee.ts';

const db = useTestDatabase();

const NOW = instantFromText('2026-03-01T10:00:00.123456Z');
const { TRAINING_MAX } = MaxType;
const MINUTE = 60_000_000n;
const RULES = [linear(), amrap(), deload()];

function createAthleteNow(): Promise<Trainee> {
  const fixture = { lifts: { squat: '100', bench: '60' }, rules: RULES };
  return createTrainee(db.database, fixture, { clock: () => NOW });
}

/** When the athlete's applications were, in microseconds from now; by lift max version, oldest first. */
async function timesOf({ client, athlete, liftId }: Trainee, slug = 'squat'): Promise<bigint[]> {
  const { logs } = await client.listProgressionLogs({ userId: athlete.userId, liftId: liftId(slug) });
  return logs
    .toSorted((a, b) => a.liftMaxVersion - b.liftMaxVersion)
    .map(({ appliedAt }) => instantFromTimestamp(appliedAt ?? { seconds: 0n, nanos: 0 }) - NOW);
}

describe('an event', () => {
  test('without a time gets the time of its arrival', async () => {
    const trainee = await createAthleteNow();
    await trainee.startSession().finish('squat');

    expect(await timesOf(trainee)).toEqual([0n]);
  });

  test('of the past applies to the current max, and is recorded with both times', async () => {
    const trainee = await createAthleteNow();
    await trainee.startSession().finish('squat');
    const past = NOW - 30n * 24n * 60n * MINUTE;

    expect(await trainee.startSession().finish('squat', { at: past })).toContain('linear squat 102.5 → 105');

    const { logs } = await trainee.client.listProgressionLogs({ userId: trainee.athlete.userId });
    expect(
      logs.map(({ newValue, appliedAt, recordedAt }) => ({ newValue, appliedAt, recordedAt })),
    ).toMatchObject([
      { newValue: '102.5', appliedAt: instantToTimestamp(NOW), recordedAt: instantToTimestamp(NOW) },
      { newValue: '105', appliedAt: instantToTimestamp(past), recordedAt: instantToTimestamp(NOW) },
    ]);
    const max = { userId: trainee.athlete.userId, liftId: trainee.liftId('squat'), maxType: TRAINING_MAX };
    expect((await trainee.client.getLiftMax(max)).liftMax).toMatchObject({
      value: '105',
      effectiveAt: instantToTimestamp(past),
      recordedAt: instantToTimestamp(NOW),
    });
  });

  test('may be at most five minutes in the future, because clocks differ', async () => {
    const trainee = await createAthleteNow();
    const [near, far] = [NOW + 5n * MINUTE, NOW + 5n * MINUTE + 1n];
    const session = trainee.startSession();
    const set = { ...session.setsOf('squat 5/5')[0], performedAt: instantToTimestamp(far) };
    const request = { userId: trainee.athlete.userId, sessionId: session.sessionId, sets: [set] };

    expect(await session.finish('squat', { at: near })).toContain('linear squat 100 → 102.5');
    for (const call of [
      () => trainee.startSession().finish('squat', { at: far }),
      () => trainee.advanceWeek(1, { at: far }),
      () => trainee.completeCycle(1, 1, { at: far }),
      () => session.log('squat 5/5', { at: far }),
    ]) {
      await expectRefusedUnchanged(db.database, call, 'VALIDATION_FAILED', ['occurred_at']);
    }
    await expectRefusal(trainee.client.logSets(request), 'VALIDATION_FAILED', ['sets[0].performed_at']);
  });

  test.each<[string, Instant]>([
    ['before the year 1', -62_135_596_800_000_001n],
    ['long before', -(10n ** 17n)],
    ['before anything', -(2n ** 62n)],
  ])('has no time %s', async (_, at) => {
    const trainee = await createAthleteNow();

    await expectRefusedUnchanged(
      db.database,
      () => trainee.startSession().finish('squat', { at }),
      'VALIDATION_FAILED',
      ['occurred_at'],
    );
    await expectRefusal(
      trainee.client.listProgressionLogs({
        userId: trainee.athlete.userId,
        startTime: instantToTimestamp(at),
      }),
      'VALIDATION_FAILED',
      ['start_time'],
    );
  });

  test.each(['0001-01-01T00:00:00.000000Z', '1989-12-31T23:59:59.999999Z'])(
    'is refused of %s, before 1990',
    async (text) => {
      const trainee = await createAthleteNow();
      const at = instantFromText(text);

      await expectRefusal(trainee.startSession().finish('squat', { at }), 'VALIDATION_FAILED', [
        'occurred_at',
      ]);
      await expectRefusal(trainee.advanceWeek(1, { at }), 'VALIDATION_FAILED', ['occurred_at']);
      await expectRefusal(trainee.startSession().log('squat 5/5', { at }), 'VALIDATION_FAILED', [
        'occurred_at',
      ]);
    },
  );

  test.each(['1990-01-01T00:00:00.000000Z'])('may be of %s', async (text) => {
    const trainee = await createAthleteNow();
    const at = instantFromText(text);

    await trainee.startSession().finish('squat', { at });

    expect(await timesOf(trainee)).toEqual([at - NOW]);
  });
});

describe('an instant with an application', () => {
  test('moves each further event on by a microsecond', async () => {
    const trainee = await createAthleteNow();
    for (const lifts of ['squat', 'squat bench', 'bench', 'squat']) {
      await trainee.startSession().finish(lifts, { at: NOW });
    }
    await trainee.startSession().finish('squat', { at: NOW + 1n });

    expect(await timesOf(trainee)).toEqual([0n, 1n, 3n, 4n]);
    expect(await timesOf(trainee, 'bench')).toEqual([1n, 2n]);
  });

  test('is shared by the rules and lifts of one event', async () => {
    const trainee = await createTrainee(
      db.database,
      { lifts: { squat: '100', bench: '60' }, rules: [linear(), linear()] },
      { clock: () => NOW },
    );

    await trainee.startSession().finish('squat bench', { at: NOW });

    expect(await timesOf(trainee)).toEqual([0n, 0n]);
    expect(await timesOf(trainee, 'bench')).toEqual([0n, 0n]);
  });

  test('does not move the events of another athlete', async () => {
    const [one, other] = [await createAthleteNow(), await createAthleteNow()];
    await one.startSession().finish('squat', { at: NOW });
    await other.startSession().finish('squat', { at: NOW });

    expect(await timesOf(other)).toEqual([0n]);
  });

  test('moves sets of one call that were performed at one instant', async () => {
    const trainee = await createAthleteNow();
    const { sessionId, setsOf } = trainee.startSession();
    const sets = setsOf('squat 9/5+ 5/5 9/5+, bench 9/5+').map((set) => ({
      ...set,
      performedAt: instantToTimestamp(NOW),
    }));

    const answer = await trainee.client.logSets({ userId: trainee.athlete.userId, sessionId, sets });

    expect(await timesOf(trainee)).toEqual([0n, 2n]);
    expect(await timesOf(trainee, 'bench')).toEqual([3n]);
    expect(answer.sets.map(({ performedAt }) => performedAt)).toMatchObject(
      sets.map(() => instantToTimestamp(NOW)),
    );
  });

  test('is found free after a thousand events at that instant', async () => {
    const trainee = await createTrainee(
      db.database,
      { lifts: { squat: '1' }, rules: [amrap({ thresholds: [{ minReps: 0, increment: '0.000001' }] })] },
      { clock: () => NOW },
    );
    for (let call = 0; call < 7; call += 1) {
      const { sessionId, setsOf } = trainee.startSession();
      const sets = setsOf(`squat ${Array(200).fill('1/1+').join(' ')}`);
      const { userId } = trainee.athlete;
      const performedAt = instantToTimestamp(NOW);
      const request = { userId, sessionId, sets: sets.map((set) => ({ ...set, performedAt })) };
      expect((await trainee.client.logSets(request)).outcome?.totalApplied).toBe(200);
    }

    expect(await trainee.max('squat')).toBe('1.0014');
  });

  test('is moved from when a session is reported twice as one of another day', async () => {
    const trainee = await createAthleteNow();
    const sessionId = uuidv7();
    await trainee.startSession(sessionId).finish('squat', { at: NOW });

    expect(await trainee.startSession(sessionId).finish('squat', { at: NOW - MINUTE })).toContain(
      'linear squat ALREADY_APPLIED',
    );
    expect(await timesOf(trainee)).toEqual([0n]);
  });
});
