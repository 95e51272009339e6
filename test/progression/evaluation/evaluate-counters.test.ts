import { describe, expect, test } from 'vitest';
import { ruleKey } from '../../../src/progression/evaluation/snapshot.ts';
import type { RuleRow } from '../athlete.ts';
import { createScenario } from './scenario.ts';

/** Takes 10 % off at the third failed set in a row by default. */
function deload(id: string, parameters: object = {}): RuleRow {
  const defaults = { failureThreshold: 3, deloadType: 'percent', deloadPercent: '0.1', resetOnDeload: true };
  return { id, type: 'DELOAD_ON_FAILURE', parameters: { ...defaults, ...parameters } };
}

describe('a counter', () => {
  test('has the times of its last failure and its last success', () => {
    const scenario = createScenario({ rules: [deload('third')], maxes: { squat: '100' } });
    const counter = () => scenario.athlete.failureCounts.get(ruleKey('squat', 'third'));
    scenario.plan('log squat 5/5 4/5', 100n);
    expect(counter()).toEqual({ consecutiveFailures: 1, lastFailureAt: 101n, lastSuccessAt: 100n });
    scenario.plan('log squat 4/5', 200n);
    expect(counter()).toEqual({ consecutiveFailures: 2, lastFailureAt: 200n, lastSuccessAt: 100n });
    scenario.plan('log squat 5/5', 300n);
    expect(counter()).toEqual({ consecutiveFailures: 0, lastFailureAt: 200n, lastSuccessAt: 300n });
  });

  test('by session takes the time of the last failed set, or of the session', () => {
    const scenario = createScenario({
      rules: [deload('third', { countBy: 'SESSION' })],
      maxes: { squat: '100' },
    });
    const counter = () => scenario.athlete.failureCounts.get(ruleKey('squat', 'third'));
    scenario.plan('log squat 4/5 4/5 5/5', 100n);
    scenario.plan('finish squat', 150n);
    expect(counter()).toEqual({ consecutiveFailures: 1, lastFailureAt: 101n, lastSuccessAt: null });
    scenario.plan('log squat 5/5', 200n);
    scenario.plan('finish squat', 250n);
    expect(counter()).toEqual({ consecutiveFailures: 0, lastFailureAt: 101n, lastSuccessAt: 250n });
  });

  test('is in the plan only when it changed, and once', () => {
    const scenario = createScenario({ rules: [deload('third')], maxes: { squat: '100', bench: '60' } });
    expect(scenario.plan('log squat w5/5').failureCounts).toEqual([]);
    expect(scenario.plan('finish squat').failureCounts).toEqual([]);
    const { failureCounts } = scenario.plan('log squat 4/5 4/5');
    expect(failureCounts.map(({ liftId, value }) => [liftId, value.consecutiveFailures])).toEqual([
      ['squat', 2],
    ]);
  });

  test('gives the application its value before, which a revert restores', () => {
    const scenario = createScenario({ rules: [deload('third')], maxes: { squat: '100' } });
    const { results, failureCounts } = scenario.plan('log squat 4/5 4/5 4/5');
    expect(results.map(({ application }) => application?.failuresBefore)).toEqual([undefined, undefined, 3]);
    expect(failureCounts[0]?.value.consecutiveFailures).toBe(0);
  });

  test('that a deload does not reset is not reported as reset', () => {
    const keeping = deload('first', { failureThreshold: 1, resetOnDeload: false });
    const scenario = createScenario({ rules: [keeping], maxes: { squat: '100' } });
    expect(scenario.plan('log squat 4/5').results[0]?.application?.failuresBefore).toBeNull();
    expect(scenario.failures('first', 'squat')).toBe(1);
  });
});
