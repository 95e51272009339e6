import { describe, expect, test } from 'vitest';
import { createRule } from '../../../../src/progression/evaluation/rules/rule-types.ts';
import { testRefused, testRule, violatedPaths } from './rule-case.ts';

const GREYSKULL = {
  maxType: 'TRAINING_MAX',
  weightIncrement: '2.5',
  minReps: 5,
  doubleThreshold: 10,
  deloadPercent: '0.1',
};

describe('GREYSKULL_PROGRESSION', () => {
  test('fires after sets and takes an override', () => {
    const rule = createRule('GREYSKULL_PROGRESSION', GREYSKULL);
    expect(rule).toMatchObject({
      maxType: 'TRAINING_MAX',
      triggerType: 'AFTER_SET',
      countBy: null,
      stages: null,
    });
    expect(rule.takesOverrideIncrement).toBe(true);
  });

  testRule('GREYSKULL_PROGRESSION', GREYSKULL, [
    ['deloads without a repetition', {}, { at: '200', amrap: true, reps: 0 }, '180'],
    ['deloads below the minimum', {}, { at: '200', amrap: true, reps: 4 }, '180'],
    ['adds at the minimum', {}, { at: '200', amrap: true, reps: 5 }, '202.5'],
    ['adds below the double threshold', {}, { at: '200', amrap: true, reps: 9 }, '202.5'],
    ['adds twice at the double threshold', {}, { at: '200', amrap: true, reps: 10 }, '205'],
    ['adds twice above it', {}, { at: '200', amrap: true, reps: 30 }, '205'],
    [
      'earns nothing below the target weight',
      {},
      { at: '200', amrap: true, reps: 9, light: true },
      'TARGET_MISSED',
    ],
    ['deloads below the target weight', {}, { at: '200', amrap: true, reps: 4, light: true }, '180'],
    ['needs repetitions', {}, { at: '200', amrap: true }, 'REPS_MISSING'],
    ['needs repetitions first of all', {}, { at: '200' }, 'REPS_MISSING'],
    ['looks at AMRAP sets only', {}, { at: '200', reps: 10 }, 'NOT_AMRAP'],
    ['does not deload for another set', {}, { at: '200', reps: 0 }, 'NOT_AMRAP'],
    ['prefers the override', {}, { at: '200', amrap: true, reps: 5, override: '1' }, '201'],
    ['doubles the override', {}, { at: '200', amrap: true, reps: 10, override: '1' }, '202'],
    ['deloads without the override', {}, { at: '200', amrap: true, reps: 4, override: '1' }, '180'],
    ['does not round unasked', {}, { at: '147.5', amrap: true, reps: 3 }, '132.75'],
    ['rounds a deload to the step', { roundTo: '2.5' }, { at: '107.5', amrap: true, reps: 0 }, '97.5'],
    ['rounds a tie up', { roundTo: '5' }, { at: '225', amrap: true, reps: 0 }, '205'],
    ['rounds down when told', { roundTo: '5', rounding: 'DOWN' }, { at: '225', amrap: true, reps: 0 }, '200'],
    ['does not round increments', { roundTo: '5' }, { at: '201', amrap: true, reps: 5 }, '203.5'],
    ['stops at the floor', { minValue: '190' }, { at: '200', amrap: true, reps: 0 }, '190'],
    ['says so at the floor', { minValue: '45' }, { at: '45', amrap: true, reps: 0 }, 'AT_LIMIT'],
    ['stops at the ceiling', { maxValue: '201' }, { at: '200', amrap: true, reps: 5 }, '201'],
    ['says so at the ceiling', { maxValue: '200' }, { at: '200', amrap: true, reps: 10 }, 'AT_LIMIT'],
    ['deloads from the ceiling', { maxValue: '200' }, { at: '200', amrap: true, reps: 0 }, '180'],
    ['looks at the set when a person asks', {}, { at: '200', amrap: true, reps: 4, by: 'MANUAL' }, '180'],
    ['needs repetitions when a person asks', {}, { at: '200', by: 'MANUAL' }, 'REPS_MISSING'],
  ]);

  testRefused('GREYSKULL_PROGRESSION', GREYSKULL, [
    ['no increment', { weightIncrement: undefined }, ['weightIncrement']],
    ['an increment of 0', { weightIncrement: '0' }, ['weightIncrement']],
    ['an increment as a number', { weightIncrement: 2.5 }, ['weightIncrement']],
    ['a minimum of 0', { minReps: 0 }, ['minReps']],
    ['no minimum', { minReps: undefined }, ['minReps']],
    ['a double threshold of 1001', { doubleThreshold: 1001 }, ['doubleThreshold']],
    ['a double threshold at the minimum', { doubleThreshold: 5 }, ['doubleThreshold']],
    ['a double threshold below the minimum', { doubleThreshold: 4 }, ['doubleThreshold']],
    ['no deload', { deloadPercent: undefined }, ['deloadPercent']],
    ['a deload of 0', { deloadPercent: '0' }, ['deloadPercent']],
    ['a deload of more than all', { deloadPercent: '1.01' }, ['deloadPercent']],
    [
      'everything that is wrong, at once',
      { maxType: [], weightIncrement: null, minReps: null, deloadPercent: '-0.1', roundTo: 'five' },
      ['maxType', 'weightIncrement', 'minReps', 'deloadPercent', 'roundTo'],
    ],
  ]);

  test('accepts adjacent thresholds up to 1000, and a deload of the whole weight', () => {
    expect(violatedPaths('GREYSKULL_PROGRESSION', { ...GREYSKULL, doubleThreshold: 6 })).toEqual([]);
    expect(violatedPaths('GREYSKULL_PROGRESSION', { ...GREYSKULL, doubleThreshold: 1000 })).toEqual([]);
    expect(violatedPaths('GREYSKULL_PROGRESSION', { ...GREYSKULL, deloadPercent: '1' })).toEqual([]);
  });

  test('names the missing minimum, and not the valid threshold', () => {
    expect(violatedPaths('GREYSKULL_PROGRESSION', { ...GREYSKULL, minReps: 'five' })).toEqual(['minReps']);
  });
});
