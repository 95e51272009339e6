/** What was planned decides: target weights, and sets that are supplemental. */
import { describe, expect, test } from 'vitest';
import { SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import type { Fact } from '../../src/store/entities/outbox-entry.ts';
import { amrap, cycle, deload, linear } from '../support/rule-fixtures.ts';
import { rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee } from '../support/trainee.ts';

const db = useTestDatabase();

const ONLY_SUCCESS = { requireSuccess: true };

describe('a set below its target weight', () => {
  test('missed its target with all repetitions: the session adds nothing, and it counts as a failure', async () => {
    const trainee = await createTrainee(db.database, {
      lifts: { squat: '100' },
      rules: [deload({ countBy: 'SESSION', failureThreshold: 2 }), linear(ONLY_SUCCESS)],
    });

    expect(await trainee.train('squat 5/5@100/100 5/5@97.5/100')).toEqual([
      'deload squat FAILURE_THRESHOLD_NOT_MET',
      'linear squat TARGET_MISSED',
    ]);
    expect(await trainee.failures(0, 'squat')).toBe(1);
    expect(await trainee.train('squat 5/5@97.5/100')).toEqual([
      'deload squat 100 → 90',
      'linear squat TARGET_MISSED',
    ]);
  });

  test('is answered and listed as failed, with what was planned', async () => {
    const { client, athlete, startSession } = await createTrainee(db.database, { lifts: { squat: '100' } });
    const { userId } = athlete;
    const session = startSession();
    const sets = session.setsOf('squat 8/5@97.5/100.0 8/5@100/100 8/5@100');

    const answer = await client.logSets({ userId, sessionId: session.sessionId, sets });

    const judged = [
      { weight: '97.5', targetWeight: '100', failed: true, exceededTarget: false, repsDifference: 3 },
      { weight: '100', targetWeight: '100', failed: false, exceededTarget: true, repsDifference: 3 },
      { weight: '100', failed: false, exceededTarget: true, repsDifference: 3 },
    ];
    expect(answer.sets).toMatchObject(judged);
    expect(answer.sets[2]?.targetWeight).toBeUndefined();
    expect((await client.listLoggedSets({ userId })).sets.toReversed()).toMatchObject(judged);
  });

  test('holds its week and its cycle', async () => {
    const trainee = await createTrainee(db.database, {
      lifts: { squat: '100', bench: '60' },
      rules: [linear({ ...ONLY_SUCCESS, triggerType: 'AFTER_WEEK' }), cycle(ONLY_SUCCESS)],
    });
    await trainee.train('squat 5/5@95/100, bench 5/5@60/60');

    expect(await trainee.advanceWeek(1)).toEqual(['linear squat TARGET_MISSED', 'linear bench 60 → 62.5']);
    expect(await trainee.completeCycle(1, 1)).toEqual([
      'cycle squat TARGET_MISSED',
      'cycle bench 62.5 → 67.5',
    ]);
  });

  test('earns nothing by its repetitions, unless a coach asks for it', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [amrap()] });
    const session = trainee.startSession();

    expect(await session.log('squat 12/5+@60/90')).toEqual(['amrap squat TARGET_MISSED']);
    expect(await trainee.ask(0, { lift: 'squat' })).toEqual(['amrap squat 100 → 105']);
  });

  test('is named in the log with both weights when a rule answers to it', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [deload()] });
    await trainee.startSession().log('squat 5/5@97.5/100 5/5@100');

    const { logs } = await trainee.client.listProgressionLogs({ userId: trainee.athlete.userId });

    expect(logs).toHaveLength(1);
    expect(logs[0]?.triggerContext).toMatchObject({ weight: '97.5', targetWeight: '100', repsPerformed: 5 });
  });
});

describe('a supplemental set', () => {
  const rules = [
    deload({ countBy: 'SESSION', failureThreshold: 3 }),
    deload({ countBy: 'SET', failureThreshold: 3, maxType: 'ONE_RM' }),
    amrap(),
    linear(ONLY_SUCCESS),
    linear({ ...ONLY_SUCCESS, triggerType: 'AFTER_WEEK' }),
    cycle(ONLY_SUCCESS),
  ];
  const ruleNames = ['session-deload', 'set-deload', 'amrap', 'session', 'week', 'cycle'];

  /** Everything that a training week and its cycle did, in words. */
  async function play(sets: (mainSets: string) => string): Promise<string[]> {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules }, { ruleNames });
    return [
      ...(await trainee.train(sets('5/5 4/5 6/5+'))),
      ...(await trainee.train(sets('5/5 8/5+'))),
      ...(await trainee.advanceWeek(1)),
      ...(await trainee.train(sets('5/5'))),
      ...(await trainee.advanceWeek(2)),
      ...(await trainee.completeCycle(1, 2)),
      ...(await trainee.ask(2, { lift: 'squat' })),
      `failures ${await trainee.failures(0, 'squat')}, ${await trainee.failures(1, 'squat')}`,
    ];
  }

  test('decides nothing: each rule does what it does without the set', async () => {
    const without = await play((mainSets) => `squat ${mainSets}`);
    const withMisses = await play((mainSets) => `squat s0/10@30/50 ${mainSets} s4/10@50/50 s10/10`);

    expect(withMisses).toEqual(without);
    expect(without).toContain('amrap squat 100 → 105');
    expect(without).toContain('week squat TARGET_MISSED');
  });

  test('is stored and listed, not failed and not exceeded', async () => {
    const { client, athlete, startSession } = await createTrainee(db.database, { lifts: { squat: '100' } });
    const { userId } = athlete;
    const session = startSession();

    await client.logSets({
      userId,
      sessionId: session.sessionId,
      sets: session.setsOf('squat s7/10 s12/10'),
    });

    const supplemental = { kind: SetKind.SUPPLEMENTAL, failed: false, exceededTarget: false };
    expect((await client.listLoggedSets({ userId })).sets).toMatchObject([supplemental, supplemental]);
  });

  test('is no personal record, and none that a later set has to exceed', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' } });
    await trainee.startSession().log('squat 5/5@100 s10/10@200');
    await trainee.startSession().log('squat 5/5@102.5');

    expect(await recordsOf(trainee)).toEqual(['102.5']);
  });

  test('does not stand in for the sets that a coach asks about', async () => {
    const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [amrap()] });
    await trainee.train('squat 9/5+');
    await trainee.train('squat s10/10');

    expect(await trainee.ask(0, { lift: 'squat' })).toEqual(['amrap squat 105 → 110']);
  });
});

/** The weights of the personal records that were told, in order. */
async function recordsOf({ athlete }: Trainee): Promise<unknown[]> {
  const entries = await rowsOf<{ facts: Fact[] }>(db.database, athlete.accountId, 'outbox');
  return entries
    .flatMap(({ facts }) => facts)
    .filter(({ type }) => type === 'personal_record')
    .map(({ data }) => data.weight);
}
