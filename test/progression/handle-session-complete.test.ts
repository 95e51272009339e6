/** HandleSessionComplete: what a finished training day does, over the RPC and into the tables. */
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { MaxType, TriggerType } from '../../src/gen/progression/v1/common_pb.ts';
import { LiftMaxSource, ResultReason } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { instantFromText, instantToTimestamp } from '../../src/values/instant.ts';
import { expectRefusedUnchanged } from '../support/expect-unchanged.ts';
import { linear } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';

const db = useTestDatabase();

const AT = instantFromText('2026-03-01T10:00:00.123456Z');

describe('a finished session', () => {
  test('is answered with every rule that could have applied, and whether it did', async () => {
    const { client, athlete, liftId } = await createTrainee(db.database, {
      lifts: { squat: '100', bench: '60.5' },
      rules: [linear({ increment: '2.25' })],
    });
    const { userId, programId, progressionIds, programProgressionIds } = athlete;
    const rule = {
      progressionId: progressionIds[0],
      programProgressionId: programProgressionIds[0],
      maxType: MaxType.TRAINING_MAX,
      triggerType: TriggerType.AFTER_SESSION,
    };

    const { outcome } = await client.handleSessionComplete({
      userId,
      session: { sessionId: uuidv7(), daySlug: 'a', weekNumber: 1, liftsPerformed: [liftId('squat')] },
      occurredAt: instantToTimestamp(AT),
      includeNotPerformed: true,
    });

    expect(outcome).toMatchObject({
      triggerType: TriggerType.AFTER_SESSION,
      userId,
      programId,
      totalApplied: 1,
      totalSkipped: 1,
      results: [
        {
          ...rule,
          liftId: liftId('squat'),
          applied: true,
          reason: ResultReason.APPLIED,
          previousValue: '100',
          newValue: '102.25',
          delta: '2.25',
          appliedAt: instantToTimestamp(AT),
        },
        {
          ...rule,
          liftId: liftId('bench'),
          applied: false,
          reason: ResultReason.LIFT_NOT_PERFORMED,
          previousValue: '60.5',
          newValue: '60.5',
          delta: '0',
          logId: '',
        },
      ],
    });
    expect(outcome?.results[1]?.appliedAt).toBeUndefined();
    const { logs } = await client.listProgressionLogs({ userId });
    expect(logs.map(({ id }) => id)).toEqual([outcome?.results[0]?.logId]);
    const { liftMax } = await client.getLiftMax({
      userId,
      liftId: liftId('squat'),
      maxType: MaxType.TRAINING_MAX,
    });
    expect(liftMax).toMatchObject({ value: '102.25', version: 2, source: LiftMaxSource.PROGRESSION });
    expect(liftMax?.effectiveAt).toMatchObject(instantToTimestamp(AT));
  });

  test('is answered without the lifts that it did not contain, unless the caller asks, and with their number', async () => {
    const { client, athlete, liftId } = await createTrainee(db.database, {
      lifts: { squat: '100', bench: '60', row: '50' },
      rules: [linear()],
    });
    const request = {
      userId: athlete.userId,
      session: { sessionId: uuidv7(), daySlug: 'a', weekNumber: 1, liftsPerformed: [liftId('squat')] },
    };
    const first = await client.handleSessionComplete(request);
    const again = await client.handleSessionComplete(request);

    for (const [{ outcome }, totalApplied] of [[first, 1] as const, [again, 0] as const]) {
      expect(outcome?.results.map((result) => result.liftId)).toEqual([liftId('squat')]);
      expect(outcome).toMatchObject({ totalApplied, totalSkipped: 1 - totalApplied, totalNotPerformed: 2 });
    }
  });

  test('with an empty list of lifts changes none', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] });

    expect(await trainee.startSession().finish('')).toEqual(['linear squat LIFT_NOT_PERFORMED']);
    expect(await trainee.max('squat')).toBe('100');
  });

  test('may contain lifts that are not in the program, to which no rule applies', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] });
    const { userId, accountId } = trainee.athlete;
    const other = await createTrainee(db.database, { accountId, lifts: { curl: '20' } });
    const liftsPerformed = [trainee.liftId('squat'), other.liftId('curl')];

    const answer = await trainee.client.handleSessionComplete({
      userId,
      session: { sessionId: uuidv7(), daySlug: 'a', weekNumber: 1, liftsPerformed },
    });

    expect(trainee.linesOf(answer)).toEqual(['linear squat 100 → 102.5']);
  });

  test('does not change a lift without a max', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: null }, rules: [linear()] });

    expect(await trainee.startSession().finish('squat')).toEqual(['linear squat NO_CURRENT_MAX']);
  });
});

describe('a session that cannot be handled', () => {
  test('names a lift that does not exist, or is of another account', async () => {
    const { client, athlete, liftId } = await createTrainee(db.database, {
      lifts: { squat: '100' },
      rules: [linear()],
    });
    const stranger = await createTrainee(db.database, { lifts: { squat: '100' } });
    for (const unknown of [uuidv7(), stranger.liftId('squat')]) {
      const session = { sessionId: uuidv7(), daySlug: 'a', weekNumber: 1 };
      const liftsPerformed = [liftId('squat'), unknown];
      const { userId } = athlete;

      await expectRefusedUnchanged(
        db.database,
        () => client.handleSessionComplete({ userId, session: { ...session, liftsPerformed } }),
        'LIFT_NOT_FOUND',
      );
    }
  });

  test('would raise a max above twelve digits', async () => {
    const trainee = await createTrainee(db.database, {
      lifts: { squat: '999999999999', bench: '60' },
      rules: [linear()],
    });

    await expectRefusedUnchanged(
      db.database,
      () => trainee.startSession().finish('bench squat'),
      'VALUE_OUT_OF_RANGE',
    );
    expect(await trainee.startSession().finish('bench')).toContain('linear bench 60 → 62.5');
  });

  test.each<[string, object, string[]]>([
    ['a session without an id', { sessionId: '' }, ['session.session_id']],
    ['no day', { daySlug: '' }, ['session.day_slug']],
    ['a day of 101 characters', { daySlug: 'd'.repeat(101) }, ['session.day_slug']],
    ['week 0', { weekNumber: 0 }, ['session.week_number']],
    ['something that is no lift', { liftsPerformed: ['squat'] }, ['session.lifts_performed[0]']],
    ['51 lifts', { liftsPerformed: Array.from({ length: 51 }, () => uuidv7()) }, ['session.lifts_performed']],
    ['one lift twice', { liftsPerformed: Array(2).fill(uuidv7()) }, ['session.lifts_performed']],
  ])('has %s', async (_, wrong, fields) => {
    const { client, athlete } = await createTrainee(db.database, { lifts: { squat: '100' } });
    const session = { sessionId: uuidv7(), daySlug: 'a', weekNumber: 1, liftsPerformed: [], ...wrong };

    await expectRefusedUnchanged(
      db.database,
      () => client.handleSessionComplete({ userId: athlete.userId, session }),
      'VALIDATION_FAILED',
      fields,
    );
  });

  test('is none at all', async () => {
    const { client, athlete } = await createTrainee(db.database, { lifts: { squat: '100' } });

    await expectRefusedUnchanged(
      db.database,
      () => client.handleSessionComplete({ userId: athlete.userId }),
      'VALIDATION_FAILED',
      ['session'],
    );
  });
});
