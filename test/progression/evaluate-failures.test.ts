import { describe, expect, test } from 'vitest';
import { ruleKey } from '../../src/progression/snapshot.ts';
import type { RuleRow } from './athlete.ts';
import { createScenario, testPlay } from './scenario.ts';

/** Takes 10 % off at the third failed set in a row, unless it says otherwise. */
function deload(id: string, parameters: object = {}, place: Partial<RuleRow> = {}): RuleRow {
  const defaults = { failureThreshold: 3, deloadType: 'percent', deloadPercent: '0.1', resetOnDeload: true };
  return { id, type: 'DELOAD_ON_FAILURE', parameters: { ...defaults, ...parameters }, ...place };
}

/** Adds after a stretch in which every work set of the lift met its target. */
function onSuccess(id: string, triggerType: string, increment = '5'): RuleRow {
  if (triggerType === 'AFTER_CYCLE') {
    return { id, type: 'CYCLE_PROGRESSION', parameters: { increment, requireSuccess: true } };
  }
  return { id, type: 'LINEAR_PROGRESSION', parameters: { triggerType, increment, requireSuccess: true } };
}

const BY_SESSION = { countBy: 'SESSION' };
const NOT_YET = 'FAILURE_THRESHOLD_NOT_MET';

describe('required success', () => {
  testPlay(
    'is that of the session and the lift',
    { rules: [onSuccess('daily', 'AFTER_SESSION')], maxes: { squat: '100', bench: '60' } },
    [
      ['log squat 5/5 4/5 5/5, bench 5/5 6/5'],
      ['finish squat bench', 'daily squat TARGET_MISSED', 'daily bench 60 → 65'],
      ['log squat 5/5 5/5'],
      ['finish squat', 'daily squat 100 → 105', 'daily bench LIFT_NOT_PERFORMED'],
    ],
  );

  testPlay(
    'is given by a session without sets',
    { rules: [onSuccess('daily', 'AFTER_SESSION')], maxes: { squat: '100' } },
    [
      ['log squat 4/5'],
      ['finish squat', 'daily squat TARGET_MISSED'],
      ['finish squat', 'daily squat 100 → 105'],
    ],
  );

  testPlay(
    'does not look at warm-ups',
    { rules: [onSuccess('daily', 'AFTER_SESSION')], maxes: { squat: '100' } },
    [['log squat w0/5 5/5 w3/5'], ['finish squat', 'daily squat 100 → 105']],
  );

  testPlay('looks at AMRAP sets', { rules: [onSuccess('daily', 'AFTER_SESSION')], maxes: { squat: '100' } }, [
    ['log squat 5/5 4/5+'],
    ['finish squat', 'daily squat TARGET_MISSED'],
  ]);

  testPlay(
    'looks at all calls of the session',
    { rules: [onSuccess('daily', 'AFTER_SESSION')], maxes: { squat: '100' } },
    [['log squat 4/5'], ['log squat 5/5'], ['finish squat', 'daily squat TARGET_MISSED']],
  );

  testPlay(
    'is that since the previous week, and since the previous cycle',
    {
      rules: [onSuccess('weekly', 'AFTER_WEEK'), onSuccess('cyclical', 'AFTER_CYCLE')],
      maxes: { squat: '100', bench: '60' },
    },
    [
      ['log squat 4/5, bench 5/5'],
      ['finish squat bench'],
      ['log squat 5/5'],
      ['week', 'weekly squat TARGET_MISSED', 'weekly bench 60 → 65'],
      ['week', 'weekly squat 100 → 105', 'weekly bench 65 → 70'],
      ['cycle', 'cyclical squat TARGET_MISSED', 'cyclical bench 70 → 75'],
      ['cycle', 'cyclical squat 105 → 110', 'cyclical bench 75 → 80'],
    ],
  );
});

describe('failures by set', () => {
  testPlay(
    'deload at the threshold, then count anew',
    { rules: [deload('third')], maxes: { squat: '100' } },
    [
      ['log squat 4/5', `third squat ${NOT_YET}`],
      ['log squat 4/5 0/5', `third squat ${NOT_YET}`, 'third squat 100 → 90'],
      ['log squat 4/5 4/5 4/5', `third squat ${NOT_YET}`, `third squat ${NOT_YET}`, 'third squat 90 → 81'],
    ],
  );

  testPlay(
    'start again after a set that met its target',
    { rules: [deload('third')], maxes: { squat: '100' } },
    [
      ['log squat 4/5 4/5 5/5 4/5 4/5', ...Array(4).fill(`third squat ${NOT_YET}`)],
      ['log squat 4/5', 'third squat 100 → 90'],
    ],
  );

  testPlay('are not interrupted by warm-ups', { rules: [deload('third')], maxes: { squat: '100' } }, [
    ['log squat 4/5 w5/5 4/5', `third squat ${NOT_YET}`, `third squat ${NOT_YET}`],
    ['log squat w0/5'],
    ['log squat w0/5 4/5', 'third squat 100 → 90'],
  ]);

  testPlay(
    'deload every time from the threshold on when the deload does not reset them',
    { rules: [deload('third', { resetOnDeload: false })], maxes: { squat: '100' } },
    [
      ['log squat 4/5 4/5', `third squat ${NOT_YET}`, `third squat ${NOT_YET}`],
      ['log squat 4/5', 'third squat 100 → 90'],
      ['log squat 4/5', 'third squat 90 → 81'],
      ['log squat 5/5'],
      ['log squat 4/5', `third squat ${NOT_YET}`],
    ],
  );

  testPlay(
    'span sessions and lifts keep their own',
    { rules: [deload('third')], maxes: { squat: '100', bench: '60' } },
    [
      ['log squat 4/5, bench 4/5', `third squat ${NOT_YET}`, `third bench ${NOT_YET}`],
      ['finish squat bench'],
      ['log squat 4/5, bench 5/5', `third squat ${NOT_YET}`],
      ['finish squat bench'],
      ['log squat 4/5, bench 4/5', 'third squat 100 → 90', `third bench ${NOT_YET}`],
    ],
  );

  testPlay(
    'are counted by each rule on its own',
    {
      rules: [deload('second', { failureThreshold: 2 }), deload('third', { deloadPercent: '0.5' })],
      maxes: { squat: '100' },
    },
    [
      ['log squat 4/5', `second squat ${NOT_YET}`, `third squat ${NOT_YET}`],
      ['log squat 4/5', 'second squat 100 → 90', `third squat ${NOT_YET}`],
      ['log squat 4/5', `second squat ${NOT_YET}`, 'third squat 90 → 45'],
    ],
  );

  testPlay(
    'keep counting at the floor',
    { rules: [deload('second', { failureThreshold: 2, minValue: '100' })], maxes: { squat: '100' } },
    [['log squat 4/5 4/5 4/5', `second squat ${NOT_YET}`, 'second squat AT_LIMIT', 'second squat AT_LIMIT']],
  );

  test('are not counted by disabled rules', () => {
    const scenario = createScenario({
      rules: [deload('off', {}, { enabled: false })],
      maxes: { squat: '100' },
    });
    expect(scenario.play('log squat 4/5 5/5')).toEqual(['off squat DISABLED']);
    expect(scenario.failures('off', 'squat')).toBeUndefined();
  });

  test('are counted without a max', () => {
    const scenario = createScenario({ rules: [deload('third')], lifts: ['squat'], maxes: {} });
    expect(scenario.play('log squat 4/5 4/5')).toEqual([
      'third squat NO_CURRENT_MAX',
      'third squat NO_CURRENT_MAX',
    ]);
    expect(scenario.failures('third', 'squat')).toBe(2);
  });

  test('are not counted by rules that count by session', () => {
    const scenario = createScenario({ rules: [deload('third', BY_SESSION)], maxes: { squat: '100' } });
    expect(scenario.play('log squat 4/5 5/5')).toEqual([]);
    expect(scenario.failures('third', 'squat')).toBeUndefined();
  });
});

describe('failures by session', () => {
  const second = { ...BY_SESSION, failureThreshold: 2 };

  testPlay(
    'are one for any number of failed sets',
    { rules: [deload('second', second)], maxes: { squat: '100' } },
    [
      ['log squat 4/5 4/5 4/5'],
      ['finish squat', `second squat ${NOT_YET}`],
      ['log squat 4/5 5/5'],
      ['finish squat', 'second squat 100 → 90'],
      ['log squat 4/5'],
      ['finish squat', `second squat ${NOT_YET}`],
    ],
  );

  testPlay(
    'start again after a session without one',
    { rules: [deload('second', second)], maxes: { squat: '100' } },
    [
      ['log squat 4/5'],
      ['finish squat', `second squat ${NOT_YET}`],
      ['log squat 5/5 5/5 w1/5'],
      ['finish squat'],
      ['log squat 4/5'],
      ['finish squat', `second squat ${NOT_YET}`],
    ],
  );

  testPlay(
    'pass over sessions without work sets of the lift',
    { rules: [deload('second', second)], maxes: { squat: '100' } },
    [
      ['log squat 4/5'],
      ['finish squat', `second squat ${NOT_YET}`],
      ['finish squat'],
      ['log squat w5/5, bench 5/5'],
      ['finish squat bench'],
      ['log squat 5/5'],
      ['finish bench'],
      ['log squat 4/5'],
      ['finish squat', 'second squat 100 → 90'],
    ],
  );

  testPlay(
    'look at all calls of the session',
    { rules: [deload('first', { ...second, failureThreshold: 1 })], maxes: { squat: '100' } },
    [['log squat 4/5'], ['log squat 5/5'], ['finish squat', 'first squat 100 → 90']],
  );
});

describe('stages', () => {
  const STAGES = ['5x3+', '6x2+', '10x1+'].map((name) => ({
    name,
    sets: 5,
    reps: 3,
    isAmrap: true,
    minVolume: 15,
  }));
  const stage = (parameters: object): RuleRow => ({
    id: 'stage',
    type: 'STAGE_PROGRESSION',
    parameters: { stages: STAGES, ...parameters },
  });
  const LIGHTER = { resetOnExhaustion: true, deloadOnReset: true, deloadPercent: '0.15' };

  testPlay(
    'go on with each failed set and start over lighter',
    { rules: [stage(LIGHTER)], maxes: { squat: '100' } },
    [
      ['log squat 3/3 2/3', 'stage squat 100 → 100 stage 1'],
      ['log squat 2/2'],
      ['log squat 1/2', 'stage squat 100 → 100 stage 2'],
      ['log squat 0/1', 'stage squat 100 → 85 stage 0'],
      ['log squat 2/3 1/2', 'stage squat 85 → 85 stage 1', 'stage squat 85 → 85 stage 2'],
    ],
  );

  testPlay(
    'go on with each failed session, lift by lift',
    { rules: [stage({ ...LIGHTER, ...BY_SESSION })], maxes: { squat: '100', bench: '60' } },
    [
      ['log squat 2/3 2/3, bench 3/3'],
      ['finish squat bench', 'stage squat 100 → 100 stage 1'],
      ['log squat 1/2, bench 2/3'],
      ['finish squat bench', 'stage squat 100 → 100 stage 2', 'stage bench 60 → 60 stage 1'],
    ],
  );

  testPlay('stay at the last one without a reset', { rules: [stage({})], maxes: { squat: '100' } }, [
    [
      'log squat 2/3 2/3 2/3',
      'stage squat 100 → 100 stage 1',
      'stage squat 100 → 100 stage 2',
      'stage squat STAGES_EXHAUSTED stage 2',
    ],
    ['log squat 2/3', 'stage squat STAGES_EXHAUSTED stage 2'],
  ]);

  test('show the prescription that holds from now on', () => {
    const { results } = createScenario({ rules: [stage({})], maxes: { squat: '100' } }).plan('log squat 2/3');
    expect(results[0]?.stage).toEqual({ index: 1, ...STAGES[1] });
    expect(results[0]?.application?.stageBefore).toBe(0);
  });

  test('beyond a list that became shorter count as its last', () => {
    const scenario = createScenario({ rules: [stage(LIGHTER)], maxes: { squat: '100' } });
    (scenario.athlete.stages as Map<string, number>).set(ruleKey('squat', 'stage'), 7);
    const { results } = scenario.plan('log squat 2/3');
    expect(results[0]?.stage?.index).toBe(0);
    expect(results[0]?.application).toMatchObject({ stageBefore: 2 });
    expect(scenario.max('squat')).toBe('85');
  });

  test('leave other rules without one', () => {
    const scenario = createScenario({
      rules: [deload('first', { failureThreshold: 1 })],
      maxes: { squat: '100' },
    });
    const { results, stages } = scenario.plan('log squat 2/3');
    expect([results[0]?.stage, results[0]?.application?.stageBefore, stages]).toEqual([null, null, []]);
  });
});

describe('a counter', () => {
  test('knows when it last saw a failure and a success', () => {
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
    const scenario = createScenario({ rules: [deload('third', BY_SESSION)], maxes: { squat: '100' } });
    const counter = () => scenario.athlete.failureCounts.get(ruleKey('squat', 'third'));
    scenario.plan('log squat 4/5 4/5 5/5', 100n);
    scenario.plan('finish squat', 150n);
    expect(counter()).toEqual({ consecutiveFailures: 1, lastFailureAt: 101n, lastSuccessAt: null });
    scenario.plan('log squat 5/5', 200n);
    scenario.plan('finish squat', 250n);
    expect(counter()).toEqual({ consecutiveFailures: 0, lastFailureAt: 101n, lastSuccessAt: 250n });
  });

  test('is part of the plan only when it changed, and once', () => {
    const scenario = createScenario({ rules: [deload('third')], maxes: { squat: '100', bench: '60' } });
    expect(scenario.plan('log squat w5/5').failureCounts).toEqual([]);
    expect(scenario.plan('finish squat').failureCounts).toEqual([]);
    const { failureCounts } = scenario.plan('log squat 4/5 4/5');
    expect(failureCounts.map(({ liftId, value }) => [liftId, value.consecutiveFailures])).toEqual([
      ['squat', 2],
    ]);
  });

  test('tells the application what it stood at, which is what a revert puts back', () => {
    const scenario = createScenario({ rules: [deload('third')], maxes: { squat: '100' } });
    const { results, failureCounts } = scenario.plan('log squat 4/5 4/5 4/5');
    expect(results.map(({ application }) => application?.failuresBefore)).toEqual([undefined, undefined, 3]);
    expect(failureCounts[0]?.value.consecutiveFailures).toBe(0);
  });

  test('that a deload leaves alone is not said to have been reset', () => {
    const keeping = deload('first', { failureThreshold: 1, resetOnDeload: false });
    const scenario = createScenario({ rules: [keeping], maxes: { squat: '100' } });
    expect(scenario.plan('log squat 4/5').results[0]?.application?.failuresBefore).toBeNull();
    expect(scenario.failures('first', 'squat')).toBe(1);
  });
});
