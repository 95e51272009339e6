import { describe, expect, test } from 'vitest';
import { ruleKey } from '../../../src/progression/evaluation/snapshot.ts';
import type { RuleRow } from '../athlete.ts';
import { createScenario, testPlay } from './scenario.ts';

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
    'advance with each failed set and start over lighter',
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
    'advance with each failed session, per lift',
    { rules: [stage({ ...LIGHTER, countBy: 'SESSION' })], maxes: { squat: '100', bench: '60' } },
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

  test('beyond the end of a shortened list count as its last stage', () => {
    const scenario = createScenario({ rules: [stage(LIGHTER)], maxes: { squat: '100' } });
    (scenario.athlete.stages as Map<string, number>).set(ruleKey('squat', 'stage'), 7);
    const { results } = scenario.plan('log squat 2/3');
    expect(results[0]?.stage?.index).toBe(0);
    expect(results[0]?.application).toMatchObject({ stageBefore: 2 });
    expect(scenario.max('squat')).toBe('85');
  });

  test('are absent for other rules', () => {
    const parameters = { failureThreshold: 1, deloadType: 'fixed', deloadAmount: '5' };
    const deload: RuleRow = { id: 'deload', type: 'DELOAD_ON_FAILURE', parameters };
    const scenario = createScenario({
      rules: [deload],
      maxes: { squat: '100' },
    });
    const { results, stages } = scenario.plan('log squat 2/3');
    expect([results[0]?.stage, results[0]?.application?.stageBefore, stages]).toEqual([null, null, []]);
  });
});
