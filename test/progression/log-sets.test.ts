/** LogSets: sets are stored once, judged, counted and answered. */
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { SetKind, TriggerType } from '../../src/gen/progression/v1/common_pb.ts';
import { instantFromText, instantToTimestamp } from '../../src/values/instant.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { expectRefusedUnchanged, expectUnchanged } from '../support/expect-unchanged.ts';
import { amrap, deload, linear } from '../support/rule-fixtures.ts';
import { dumpTables, rowsAdded } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';

const db = useTestDatabase();

const AT = instantFromText('2026-03-01T10:00:00.000000Z');

describe('logged sets', () => {
  test('are answered in their order and judged, each at the time of the event plus its position', async () => {
    const { client, athlete, startSession } = await createTrainee(db.database, { lifts: { squat: '100' } });
    const session = startSession();
    const sets = session.setsOf('squat w5/8 5/5 3/5 8/5+');

    const answer = await client.logSets({
      userId: athlete.userId,
      sessionId: session.sessionId,
      sets: sets.map((set) => ({ ...set, weight: '082.50', rpe: '8.5' })),
      occurredAt: instantToTimestamp(AT),
    });

    const stored = { sessionId: session.sessionId, weight: '82.5', rpe: '8.5', alreadyLogged: false };
    expect(answer.outcome).toMatchObject({ triggerType: TriggerType.AFTER_SET, results: [] });
    expect(answer.sets).toMatchObject([
      { ...stored, kind: SetKind.WARM_UP, failed: false, exceededTarget: false, repsDifference: -3 },
      { ...stored, kind: SetKind.WORK, failed: false, exceededTarget: false, repsDifference: 0 },
      { ...stored, kind: SetKind.WORK, failed: true, exceededTarget: false, repsDifference: -2 },
      { ...stored, kind: SetKind.AMRAP, failed: false, exceededTarget: true, repsDifference: 3 },
    ]);
    expect(answer.sets.map((set) => set.performedAt?.nanos)).toEqual([0, 1000, 2000, 3000]);
  });

  test('are answered with the counters of the rules in scope of their lifts, changed or not', async () => {
    const trainee = await createTrainee(db.database, {
      lifts: { squat: '100', bench: '60' },
      rules: [deload({ failureThreshold: 3 }), deload({ failureThreshold: 3, countBy: 'SESSION' })],
    });
    const { client, athlete, liftId, startSession } = trainee;
    const { userId, progressionIds } = athlete;
    const session = startSession();
    const occurredAt = instantToTimestamp(AT);
    const { sessionId } = session;

    const { failureCounters } = await client.logSets({
      userId,
      sessionId,
      sets: session.setsOf('squat w1/5 4/5 4/5'),
      occurredAt,
    });

    const squat = { userId, liftId: liftId('squat') };
    const secondFailureAt = instantToTimestamp(AT + 2n);
    expect(failureCounters).toMatchObject([
      { ...squat, progressionId: progressionIds[0], consecutiveFailures: 2, lastFailureAt: secondFailureAt },
      { ...squat, progressionId: progressionIds[1], consecutiveFailures: 0 },
    ]);
    expect(failureCounters[1]?.lastFailureAt).toBeUndefined();
    expect(await trainee.failures(0, 'bench')).toBe(0);
  });

  test('of a lift outside of the program are stored, and no rule applies to them', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [amrap()] });
    const { accountId, userId } = trainee.athlete;
    const other = await createTrainee(db.database, { accountId, lifts: { curl: '20' } });
    const set = { liftId: other.liftId('curl'), setNumber: 1, kind: SetKind.AMRAP, weight: '20' };

    const { sets, outcome } = await trainee.client.logSets({
      userId,
      sessionId: uuidv7(),
      sets: [{ ...set, targetReps: 5, repsPerformed: 9 }],
    });

    expect(sets).toHaveLength(1);
    expect(outcome?.results).toEqual([]);
  });
});

describe('sets that are logged again', () => {
  test('change nothing, and are answered with what they did the first time', async () => {
    const { client, athlete, startSession } = await createTrainee(db.database, {
      lifts: { squat: '100' },
      rules: [amrap(), deload({ failureThreshold: 5 })],
    });
    const { userId } = athlete;
    const session = startSession();
    const sets = session.setsOf('squat 4/5 9/5+');
    const request = { userId, sessionId: session.sessionId, sets };
    const first = await client.logSets(request);
    const before = await dumpTables(db.database);

    const again = await client.logSets({ ...request, sets: sets.map((set) => ({ ...set, weight: '60.0' })) });

    expect(rowsAdded(before, await dumpTables(db.database))).toEqual({ requests: 1 });
    expect(again.sets.map(({ alreadyLogged }) => alreadyLogged)).toEqual([true, true]);
    expect(again.sets.map(({ id }) => id)).toEqual(first.sets.map(({ id }) => id));
    expect(again.failureCounters).toEqual(first.failureCounters);
    const [applied] = first.outcome?.results.filter((result) => result.applied) ?? [];
    expect(again.outcome).toMatchObject({ totalApplied: 0, totalSkipped: 1 });
    expect(again.outcome?.results[0]?.logId).toBe(applied?.logId);
  });

  test('together with new ones apply only the new ones', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [amrap()] });
    const { client, athlete, startSession, linesOf } = trainee;
    const { userId } = athlete;
    const session = startSession();
    const sets = session.setsOf('squat 9/5+ 8/5+ 5/5');
    const { sessionId } = session;
    await client.logSets({ userId, sessionId, sets: sets.slice(0, 1) });

    const answer = await client.logSets({ userId, sessionId, sets });

    expect(answer.sets.map(({ alreadyLogged }) => alreadyLogged)).toEqual([true, false, false]);
    expect(linesOf(answer)).toEqual([
      'amrap squat ALREADY_APPLIED',
      'amrap squat 105 → 110',
      'amrap squat NOT_AMRAP',
    ]);
  });

  test.each([
    ['weight', { weight: '62.5' }],
    ['target weight', { targetWeight: '60' }],
    ['kind', { kind: SetKind.WARM_UP }],
    ['target', { targetReps: 6 }],
    ['repetitions', { repsPerformed: 4 }],
    ['exertion', { rpe: '9' }],
    ['time', { performedAt: timestampFromDate(new Date('2026-01-01T00:00:00Z')) }],
  ])('with another %s are refused, and nothing of the call is stored', async (_, other) => {
    const { client, athlete, startSession } = await createTrainee(db.database, { lifts: { squat: '100' } });
    const session = startSession();
    const [set] = session.setsOf('squat 5/5');
    const request = { userId: athlete.userId, sessionId: session.sessionId };
    await client.logSets({ ...request, sets: [{ ...set, rpe: '8' }] });

    const error = await expectRefusedUnchanged(
      db.database,
      () =>
        client.logSets({
          ...request,
          sets: [...session.setsOf('squat 5/5'), { ...set, rpe: '8', ...other }],
        }),
      'SET_CONFLICT',
    );
    expect(error.message).toContain('set 1 ');
  });
});

describe('sets that cannot be logged', () => {
  test('are of a lift that does not exist', async () => {
    const { client, athlete, startSession } = await createTrainee(db.database, { lifts: { squat: '100' } });
    const session = startSession();
    const sets = session.setsOf('squat 5/5').map((set) => ({ ...set, liftId: uuidv7() }));
    const request = { userId: athlete.userId, sessionId: session.sessionId, sets };

    await expectRefusedUnchanged(db.database, () => client.logSets(request), 'LIFT_NOT_FOUND');
  });

  test('have one number twice', async () => {
    const { client, athlete, startSession } = await createTrainee(db.database, {
      lifts: { squat: '100', bench: '60' },
    });
    const session = startSession();
    const [squat, bench] = session.setsOf('squat 5/5, bench 5/5');
    const sets = [squat, bench, squat, bench].flatMap((set) => set ?? []);
    const request = { userId: athlete.userId, sessionId: session.sessionId, sets };

    await expectRefusedUnchanged(db.database, () => client.logSets(request), 'VALIDATION_FAILED', [
      'sets[2].set_number',
      'sets[3].set_number',
    ]);
  });

  test.each<[string, object, string]>([
    ['a set number of 0', { setNumber: 0 }, 'sets[0].set_number'],
    ['a set number of 1001', { setNumber: 1001 }, 'sets[0].set_number'],
    ['no kind', { kind: SetKind.UNSPECIFIED }, 'sets[0].kind'],
    ['a negative weight', { weight: '-60' }, 'sets[0].weight'],
    ['a weight of 13 digits', { weight: '1234567890123' }, 'sets[0].weight'],
    ['a weight of 7 decimals', { weight: '1.0000001' }, 'sets[0].weight'],
    ['a weight in words', { weight: 'heavy' }, 'sets[0].weight'],
    ['negative repetitions', { repsPerformed: -1 }, 'sets[0].reps_performed'],
    ['1001 repetitions', { repsPerformed: 1001 }, 'sets[0].reps_performed'],
    ['a negative target weight', { targetWeight: '-60' }, 'sets[0].target_weight'],
    ['a target weight in words', { targetWeight: 'as planned' }, 'sets[0].target_weight'],
    ['a negative target', { targetReps: -1 }, 'sets[0].target_reps'],
    ['an exertion above 10', { rpe: '10.5' }, 'sets[0].rpe'],
  ])('have %s', async (_, wrong, field) => {
    const { client, athlete, startSession } = await createTrainee(db.database, { lifts: { squat: '100' } });
    const session = startSession();
    const sets = session.setsOf('squat 5/5').map((set) => ({ ...set, ...wrong }));
    const request = { userId: athlete.userId, sessionId: session.sessionId, sets };

    await expectRefusedUnchanged(db.database, () => client.logSets(request), 'VALIDATION_FAILED', [field]);
  });

  test('are none, or more than 200', async () => {
    const { client, athlete, startSession } = await createTrainee(db.database, {
      lifts: { squat: '100' },
      rules: [linear()],
    });
    const session = startSession();
    const request = { userId: athlete.userId, sessionId: session.sessionId };
    const sets = session.setsOf(`squat ${Array(201).fill('5/5').join(' ')}`);

    await expectUnchanged(db.database, async () => {
      await expectRefusal(client.logSets({ ...request, sets: [] }), 'VALIDATION_FAILED', ['sets']);
      await expectRefusal(client.logSets({ ...request, sets }), 'VALIDATION_FAILED', ['sets']);
    });
    expect((await client.logSets({ ...request, sets: sets.slice(1) })).sets).toHaveLength(200);
  });
});
