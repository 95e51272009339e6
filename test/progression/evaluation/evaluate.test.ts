import { Decimal } from 'decimal.js';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../../src/progression/evaluation/evaluate.ts';
import type { EventDetail } from '../../../src/progression/evaluation/trigger-event.ts';
import type { RuleRow } from '../athlete.ts';
import { createScenario } from './scenario.ts';

const RULES: RuleRow[] = [
  { id: 'daily', type: 'LINEAR_PROGRESSION', parameters: { triggerType: 'AFTER_SESSION', increment: '5' } },
  { id: 'weekly', type: 'LINEAR_PROGRESSION', parameters: { triggerType: 'AFTER_WEEK', increment: '5' } },
  { id: 'cyclical', type: 'CYCLE_PROGRESSION', parameters: { increment: '5' } },
  { id: 'amrap', type: 'AMRAP_PROGRESSION', parameters: { thresholds: [{ minReps: 5, increment: '5' }] } },
  {
    id: 'by-set',
    type: 'DELOAD_ON_FAILURE',
    parameters: { failureThreshold: 1, deloadType: 'fixed', deloadAmount: '5' },
  },
  {
    id: 'by-session',
    type: 'DELOAD_ON_FAILURE',
    parameters: { failureThreshold: 1, deloadType: 'fixed', deloadAmount: '5', countBy: 'SESSION' },
  },
];

/** The applications of the last of the events: which trigger, its identity, and what is kept of it. */
function applications(...events: string[]) {
  const scenario = createScenario({ rules: RULES, maxes: { squat: '100' } });
  const plans = events.map((event) => scenario.plan(event));
  return (plans.at(-1)?.results ?? []).flatMap(({ progressionId, triggerType, application }) =>
    application ? [[progressionId, triggerType, application.triggerKey, application.context]] : [],
  );
}

describe('an application', () => {
  test('after a session records the session, the day and the week', () => {
    expect(applications('week', 'finish squat')).toEqual([
      [
        'daily',
        'AFTER_SESSION',
        'session:session-1',
        { sessionId: 'session-1', daySlug: 'day-a', weekNumber: 2 },
      ],
    ]);
  });

  test('after a week records the week that ended and its cycle', () => {
    expect(applications('week', 'cycle', 'week', 'week')).toEqual([
      ['weekly', 'AFTER_WEEK', 'week:enrollment:2:2', { weekNumber: 2, cycleIteration: 2 }],
    ]);
  });

  test('after a cycle records the cycle and its length', () => {
    expect(applications('cycle', 'week', 'week', 'cycle')).toEqual([
      ['cyclical', 'AFTER_CYCLE', 'cycle:enrollment:2', { cycleIteration: 2, totalWeeks: 3 }],
    ]);
  });

  test('after a set records the set', () => {
    const context = {
      sessionId: 'session-1',
      loggedSetId: 'session-1 squat 2',
      setNumber: 2,
      targetReps: 5,
      repsPerformed: 8,
    };
    expect(applications('log squat 4/4 8/5+')).toEqual([
      ['amrap', 'AFTER_SET', 'set:session-1:squat:2', context],
    ]);
  });

  test('on a failed set records the set and the count', () => {
    const context = {
      loggedSetId: 'session-1 squat 1',
      targetReps: 5,
      repsPerformed: 4,
      consecutiveFailures: 1,
    };
    expect(applications('log squat 4/5')).toEqual([
      ['by-set', 'ON_FAILURE', 'set:session-1:squat:1', context],
    ]);
  });

  test('on a failed session records its last failed set and the count', () => {
    const context = {
      loggedSetId: 'session-1 squat 2',
      targetReps: 5,
      repsPerformed: 3,
      consecutiveFailures: 1,
    };
    expect(applications('log squat 4/5 3/5 5/5', 'finish squat')).toEqual([
      ['by-session', 'ON_FAILURE', 'session:session-1', context],
    ]);
  });
});

describe('a result', () => {
  test('names the row, the rule, the lift, the max type and the trigger, applied or not', () => {
    const tested = { triggerType: 'AFTER_SESSION', increment: '5', maxType: 'ONE_RM' };
    const rules: RuleRow[] = [{ id: 'tested', rowId: 'row', type: 'LINEAR_PROGRESSION', parameters: tested }];
    const scenario = createScenario({ rules, lifts: ['squat', 'bench'], maxes: { 'squat ONE_RM': '100' } });
    const shared = {
      programProgressionId: 'row',
      progressionId: 'tested',
      maxType: 'ONE_RM',
      triggerType: 'AFTER_SESSION',
      stage: null,
      earlierLogId: null,
    };
    const { results } = scenario.plan('finish squat');
    expect(results).toMatchObject([
      { ...shared, liftId: 'squat', reason: null },
      { ...shared, liftId: 'bench', reason: 'LIFT_NOT_PERFORMED', application: null, value: null },
    ]);
    expect(results[0]?.value?.toFixed()).toBe('105');
  });

  test('of a skipped failure has its trigger too', () => {
    const rules = RULES.map((row) => ({ ...row, parameters: { ...row.parameters, failureThreshold: 2 } }));
    const { results } = createScenario({ rules, maxes: { squat: '100' } }).plan('log squat 4/5');
    expect(results.map(({ progressionId, triggerType }) => [progressionId, triggerType])).toEqual([
      ['amrap', 'AFTER_SET'],
      ['by-set', 'ON_FAILURE'],
    ]);
  });
});

test('evaluating does not change the snapshot: the same event on it gives the same plan', () => {
  const { athlete } = createScenario({ rules: RULES, maxes: { squat: '100' } });
  const detail: EventDetail = {
    type: 'SETS_LOGGED',
    sessionId: 'session',
    sets: [4, 8].map((repsPerformed, index) => ({
      id: `set ${index}`,
      liftId: 'squat',
      setNumber: index + 1,
      kind: 'AMRAP',
      weight: new Decimal(100),
      targetWeight: null,
      targetReps: 5,
      repsPerformed,
      performedAt: 1n,
    })),
  };
  const snapshot = athlete.snapshotFor(detail);
  const before = structuredClone([
    ...snapshot.takenInstants,
    snapshot.maxes.size,
    snapshot.failureCounts.size,
  ]);
  const first = evaluate({ userId: 'athlete', occurredAt: 1n, detail }, snapshot);
  expect(evaluate({ userId: 'athlete', occurredAt: 1n, detail }, snapshot)).toEqual(first);
  expect(first.results.some(({ application }) => application !== null)).toBe(true);
  expect([...snapshot.takenInstants, snapshot.maxes.size, snapshot.failureCounts.size]).toEqual(before);
  expect(snapshot.maxes.get('squat TRAINING_MAX')?.version).toBe(1);
});
