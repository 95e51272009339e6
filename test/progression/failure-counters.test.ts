/** Failure counters over several calls: counting, reading and resetting. */
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { instantFromText, instantToTimestamp } from '../../src/values/instant.ts';
import { expectRefusal } from '../support/catalog-client.ts';
import { deload, stages } from '../support/rule-fixtures.ts';
import { TEST_ACTOR } from '../support/service-transport.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';

const db = useTestDatabase();

const AT = instantFromText('2026-03-01T10:00:00.000000Z');

describe('a rule that counts by set', () => {
  test('counts every failed set, returns to 0 at a set that met its target, and applies at its threshold', async () => {
    const trainee = await createTrainee(db.database, {
      lifts: { squat: '100' },
      rules: [deload({ failureThreshold: 3 })],
    });
    const session = trainee.startSession();

    expect(await session.log('squat 4/5 3/5 5/5')).toEqual(
      Array(2).fill('deload squat FAILURE_THRESHOLD_NOT_MET'),
    );
    expect(await trainee.failures(0, 'squat')).toBe(0);
    await session.log('squat 4/5 w1/5 4/5');
    expect(await trainee.failures(0, 'squat')).toBe(2);
    expect(await session.log('squat 4/5 4/5')).toEqual(['deload squat 100 → 90', 'deload squat 90 → 80']);
    expect(await trainee.failures(0, 'squat')).toBe(4);
  });

  test('returns to 0 with its deload when reset_on_deload is set', async () => {
    const trainee = await createTrainee(db.database, {
      lifts: { squat: '100' },
      rules: [deload({ failureThreshold: 2, resetOnDeload: true })],
    });

    expect(await trainee.startSession().log('squat 4/5 4/5 4/5')).toEqual([
      'deload squat FAILURE_THRESHOLD_NOT_MET',
      'deload squat 100 → 90',
      'deload squat FAILURE_THRESHOLD_NOT_MET',
    ]);
    expect(await trainee.failures(0, 'squat')).toBe(1);
  });
});

describe('a rule that counts by session', () => {
  const rules = [deload({ failureThreshold: 2, countBy: 'SESSION', resetOnDeload: true })];

  test('counts a session once, however many sets failed, when the session is complete', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules });
    const session = trainee.startSession();

    expect(await session.log('squat 4/5 3/5 5/5')).toEqual([]);
    expect(await trainee.failures(0, 'squat')).toBe(0);
    expect(await session.finish('squat')).toEqual(['deload squat FAILURE_THRESHOLD_NOT_MET']);
    expect(await trainee.failures(0, 'squat')).toBe(1);
    expect(await trainee.train('squat 5/5 4/5')).toEqual(['deload squat 100 → 90']);
    expect(await trainee.failures(0, 'squat')).toBe(0);
  });

  test('returns to 0 at a session without a failed set, and keeps its count over one without work sets', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules });
    await trainee.train('squat 4/5');

    expect(await trainee.startSession().finish('squat')).toEqual([]);
    expect(await trainee.train('squat w1/5')).toEqual([]);
    expect(await trainee.failures(0, 'squat')).toBe(1);
    expect(await trainee.train('squat 5/5')).toEqual([]);
    expect(await trainee.failures(0, 'squat')).toBe(0);
  });

  test('counts sets that come in after the session, which is decided again', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules });
    const session = trainee.startSession();
    await session.log('squat 5/5');
    await session.finish('squat');

    expect(await session.log('squat 1/5')).toEqual(['deload squat FAILURE_THRESHOLD_NOT_MET']);
    expect(await session.finish('squat')).toEqual([]);
    expect(await trainee.failures(0, 'squat')).toBe(1);
  });
});

describe('counters', () => {
  test('of two rules or two lifts are independent', async () => {
    const trainee = await createTrainee(db.database, {
      lifts: { squat: '100', bench: '60' },
      rules: [deload({ failureThreshold: 1, resetOnDeload: true }), deload({ failureThreshold: 5 })],
    });
    const { userId, progressionIds } = trainee.athlete;
    await trainee.startSession().log('squat 4/5, bench 4/5 5/5');

    expect(await trainee.failures(0, 'squat')).toBe(0);
    expect(await trainee.failures(1, 'squat')).toBe(1);
    expect(await trainee.failures(1, 'bench')).toBe(0);
    const { failureCounters, totalSize } = await trainee.client.listFailureCounters({ userId });
    expect(totalSize).toBe(4);
    expect(failureCounters.map((c) => [c.liftId, c.progressionId])).toEqual(
      ['squat', 'bench']
        .flatMap((slug) => progressionIds.map((rule) => [trainee.liftId(slug), rule]))
        .toSorted(),
    );
  });

  test('have the times of the last failure and the last success', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [deload()] });
    const { userId, progressionIds } = trainee.athlete;
    const counter = { userId, liftId: trainee.liftId('squat'), progressionId: `${progressionIds[0]}` };
    const session = trainee.startSession();
    await session.log('squat 4/5', { at: AT });
    await session.log('squat 5/5', { at: AT + 1_000_000n });

    const { failureCounter } = await trainee.client.getFailureCounter(counter);

    expect(failureCounter).toMatchObject({
      ...counter,
      consecutiveFailures: 0,
      lastFailureAt: instantToTimestamp(AT),
      lastSuccessAt: instantToTimestamp(AT + 1_000_000n),
    });
  });

  test('are listed page by page', async () => {
    const trainee = await createTrainee(db.database, {
      lifts: { squat: '100', bench: '60', row: '50' },
      rules: [deload({ failureThreshold: 9 }), deload({ failureThreshold: 9 })],
    });
    const { userId } = trainee.athlete;
    await trainee.startSession().log('squat 4/5, bench 4/5, row 4/5');
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await trainee.client.listFailureCounters({ userId, pageSize: 4, pageToken });
      seen.push(...page.failureCounters.map((c) => `${c.liftId} ${c.progressionId}`));
      pageToken = page.nextPageToken;
      expect(page.totalSize).toBe(6);
    } while (pageToken);

    expect(new Set(seen).size).toBe(6);
    expect(seen).toEqual(seen.toSorted());
    await expectRefusal(
      trainee.client.listFailureCounters({ userId, pageToken: 'from elsewhere' }),
      'PAGE_TOKEN_INVALID',
    );
  });

  test('that never changed read as 0, for rules and lifts that exist', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [deload()] });
    const { userId, progressionIds } = trainee.athlete;
    const counter = { userId, liftId: trainee.liftId('squat'), progressionId: `${progressionIds[0]}` };
    const { client } = trainee;

    const { failureCounter } = await client.getFailureCounter(counter);
    expect(failureCounter).toMatchObject({ ...counter, consecutiveFailures: 0 });
    expect(failureCounter?.lastFailureAt).toBeUndefined();
    for (const call of [client.getFailureCounter, client.resetFailureCounter]) {
      await expectRefusal(call({ ...counter, liftId: uuidv7() }), 'LIFT_NOT_FOUND');
      await expectRefusal(call({ ...counter, progressionId: uuidv7() }), 'PROGRESSION_NOT_FOUND');
    }
  });
});

describe('a counter that is reset by hand', () => {
  test('counts from 0 again, keeps its times, and is audited', async () => {
    const trainee = await createTrainee(db.database, {
      lifts: { squat: '100' },
      rules: [stages({ resetOnExhaustion: false }), deload({ failureThreshold: 3 })],
    });
    const { userId, accountId, progressionIds } = trainee.athlete;
    const counter = { userId, liftId: trainee.liftId('squat'), progressionId: `${progressionIds[1]}` };
    await trainee.startSession().log('squat 4/5 4/5', { at: AT });

    const answer = await trainee.client.resetFailureCounter({ ...counter, reason: 'was ill' });

    expect(answer.failureCounter).toMatchObject({
      ...counter,
      consecutiveFailures: 0,
      lastFailureAt: instantToTimestamp(AT + 1n),
    });
    expect(await trainee.startSession().log('squat 4/5')).toContain('deload squat FAILURE_THRESHOLD_NOT_MET');
    expect(await trainee.failures(1, 'squat')).toBe(1);
    const { liftId } = counter;
    expect(await rowsOf(db.database, accountId, 'audit_log')).toMatchObject([
      {
        action: 'ResetFailureCounter',
        actor: TEST_ACTOR,
        user_id: userId,
        reason: 'was ill',
        before: { liftId, consecutiveFailures: 2 },
        after: { liftId, consecutiveFailures: 0 },
      },
    ]);
  });

  test('stays at 0 when it never changed', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [deload()] });
    const { userId, progressionIds } = trainee.athlete;
    const counter = { userId, liftId: trainee.liftId('squat'), progressionId: `${progressionIds[0]}` };

    const { failureCounter } = await trainee.client.resetFailureCounter(counter);

    expect(failureCounter?.consecutiveFailures).toBe(0);
    expect((await trainee.client.listFailureCounters({ userId })).failureCounters).toEqual([]);
  });
});
