/** ESTIMATE_PROGRESSION: AMRAP sets raise an estimated one-rep max, and corrections take that back. */
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { EstimateFormula, MaxType, SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { findBrokenChains } from '../support/lift-max-chains.ts';
import { linear } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';

const db = useTestDatabase();
const { ESTIMATED_ONE_RM } = MaxType;

/** An athlete with a training max of 100 and, where it is given, an estimated one-rep max. */
async function createLifter({ estimate = '110', isEstimating = true } = {}) {
  const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] });
  const { client, athlete } = trainee;
  const { accountId, userId, programId } = athlete;
  const { programs } = createCatalogClient(db.database, { accountId, clock: systemClock });
  const liftId = trainee.liftId('squat');
  const { progression } = await programs.createProgression({
    name: 'estimate',
    parameters: {
      rule: {
        case: 'estimateProgression',
        value: { maxType: ESTIMATED_ONE_RM, formula: EstimateFormula.BRZYCKI, bounds: { roundTo: '2.5' } },
      },
    },
  });
  const progressionId = `${progression?.id}`;
  await programs.createProgramProgression({ programId, progressionId, priority: 9, enabled: isEstimating });
  if (estimate) {
    await client.setLiftMax({ userId, liftId, maxType: ESTIMATED_ONE_RM, value: estimate });
  }
  const sessionId = uuidv7();
  const setOf = (
    setNumber: number,
    weight: string,
    repsPerformed: number,
    kind: SetKind = SetKind.AMRAP,
  ) => ({
    ...{ liftId, setNumber, kind, weight, targetReps: 1, repsPerformed },
  });
  return {
    ...{ trainee, client, userId, progressionId, progression },
    log: async (...sets: ReturnType<typeof setOf>[]) =>
      trainee.linesOf(await client.logSets({ userId, sessionId, sets })),
    correct: (set: ReturnType<typeof setOf>) =>
      client.correctSets({
        ...{ userId, sessionId, reason: 'a typing error' },
        corrections: [{ change: { case: 'set', value: set } }],
      }),
    setOf,
    finish: () => trainee.startSession(sessionId).finish('squat'),
    estimate: () => trainee.max('squat', ESTIMATED_ONE_RM),
    revert: (logId: string) => client.revertProgression({ userId, logId, reason: 'a test' }),
  };
}

test('an AMRAP set raises the estimate, is logged, and can be reverted; other sets and lower estimates do not', async () => {
  const { log, setOf, estimate, client, userId, revert, progression } = await createLifter();
  expect(progression?.parameters?.rule.value).toMatchObject({ maxReps: 12 });

  expect(await log(setOf(1, '100', 5, SetKind.WORK), setOf(2, '100', 5), setOf(3, '80', 5))).toEqual([
    'squat NOT_AMRAP',
    'squat 110 → 112.5',
    'squat ESTIMATE_NOT_HIGHER',
  ]);
  const { logs } = await client.listProgressionLogs({ userId });
  expect(logs).toMatchObject([
    { maxType: ESTIMATED_ONE_RM, previousValue: '110', newValue: '112.5', delta: '2.5' },
  ]);
  await revert(`${logs[0]?.id}`);
  expect(await estimate()).toBe('110');
});

test('a corrected weight or repetitions decide the estimate again, before and after the session’s end', async () => {
  const { log, setOf, estimate, correct, finish } = await createLifter();
  await log(setOf(1, '105', 5));
  expect(await estimate()).toBe('117.5');

  const { compensations } = await correct(setOf(1, '102.5', 5));
  expect([compensations.length, await estimate()]).toEqual([1, '115']);
  expect(await finish()).toContain('linear squat 100 → 102.5');
  await correct(setOf(1, '102.5', 3));
  expect(await estimate()).toBe('110');
  await correct(setOf(1, '110', 3));
  expect(await estimate()).toBe('117.5');
  expect(await findBrokenChains(db.database)).toEqual([]);
});

test('a weight that decides nothing is corrected without a new decision', async () => {
  const { log, setOf, correct, estimate } = await createLifter({ isEstimating: false });
  await log(setOf(1, '105', 5));

  const { compensations, outcome } = await correct(setOf(1, '102.5', 5));
  expect([compensations, outcome?.results ?? []]).toEqual([[], []]);
  expect(await estimate()).toBe('110');
});

test('an athlete without an estimate gets none by itself', async () => {
  const { log, setOf, estimate } = await createLifter({ estimate: '' });

  expect(await log(setOf(1, '100', 5))).toEqual(['squat NO_CURRENT_MAX']);
  expect(await estimate()).toBeUndefined();
});

test('too many repetitions are refused by field', async () => {
  const { programs } = createCatalogClient(db.database);
  const parameters = {
    rule: { case: 'estimateProgression', value: { maxType: ESTIMATED_ONE_RM, maxReps: 21 } },
  } as const;

  await expectRefusal(programs.createProgression({ name: 'e', parameters }), 'VALIDATION_FAILED', [
    'parameters.estimate_progression.max_reps',
  ]);
});
