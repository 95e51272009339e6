import { describe, expect, test } from 'vitest';
import { createRule } from '../../../../src/progression/evaluation/rules/rule-types.ts';
import { testRefused, testRule } from './rule-case.ts';

const EPLEY = { maxType: 'ESTIMATED_ONE_RM', formula: 'EPLEY', maxReps: 12 };

describe('ESTIMATE_PROGRESSION', () => {
  test('fires after sets, weighs them, and takes no override', () => {
    const rule = createRule('ESTIMATE_PROGRESSION', EPLEY);
    expect(rule).toMatchObject({ maxType: 'ESTIMATED_ONE_RM', triggerType: 'AFTER_SET', countBy: null });
    expect([rule.weighsSets, rule.takesOverrideIncrement]).toEqual([true, false]);
  });

  testRule('ESTIMATE_PROGRESSION', EPLEY, [
    ['raises to the estimate', {}, { at: '110', amrap: true, weight: '90', reps: 10 }, '120'],
    [
      'estimates by Brzycki',
      { formula: 'BRZYCKI' },
      { at: '110', amrap: true, weight: '100', reps: 5 },
      '112.5',
    ],
    ['takes one repetition as it is', {}, { at: '110', amrap: true, weight: '112.5', reps: 1 }, '112.5'],
    ['keeps six places', {}, { at: '110', amrap: true, weight: '100', reps: 5 }, '116.666667'],
    ['rounds to the step', { roundTo: '2.5' }, { at: '110', amrap: true, weight: '100', reps: 5 }, '117.5'],
    [
      'rounds down when told',
      { roundTo: '2.5', rounding: 'DOWN' },
      { at: '110', amrap: true, weight: '100', reps: 5 },
      '115',
    ],
    ['does not lower', {}, { at: '121', amrap: true, weight: '90', reps: 10 }, 'ESTIMATE_NOT_HIGHER'],
    ['leaves the same value', {}, { at: '120', amrap: true, weight: '90', reps: 10 }, 'ESTIMATE_NOT_HIGHER'],
    [
      'is told nothing by no repetition',
      {},
      { at: '1', amrap: true, weight: '90', reps: 0 },
      'ESTIMATE_NOT_HIGHER',
    ],
    ['takes the most repetitions', {}, { at: '1', amrap: true, weight: '30', reps: 12 }, '42'],
    ['is told nothing by more', {}, { at: '1', amrap: true, weight: '30', reps: 13 }, 'ESTIMATE_NOT_HIGHER'],
    [
      'looks at what was lifted, not at the target',
      {},
      { at: '110', amrap: true, weight: '90', reps: 10, light: true },
      '120',
    ],
    ['looks at AMRAP sets only', {}, { at: '110', weight: '90', reps: 10 }, 'NOT_AMRAP'],
    ['needs repetitions', {}, { at: '110', amrap: true }, 'REPS_MISSING'],
    ['stops at the ceiling', { maxValue: '115' }, { at: '110', amrap: true, weight: '90', reps: 10 }, '115'],
    [
      'says so at the ceiling',
      { maxValue: '110' },
      { at: '110', amrap: true, weight: '90', reps: 10 },
      'AT_LIMIT',
    ],
  ]);

  testRefused('ESTIMATE_PROGRESSION', EPLEY, [
    ['an unknown formula', { formula: 'LOMBARDI' }, ['formula']],
    ['no repetitions', { maxReps: 0 }, ['maxReps']],
    ['too many repetitions', { maxReps: 21 }, ['maxReps']],
    ['an unknown max type', { maxType: 'TWO_RM' }, ['maxType']],
  ]);
});
