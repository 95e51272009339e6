import { describe, expect, test } from 'vitest';
import { createRule } from '../../../../src/progression/evaluation/rules/rule-types.ts';
import { testRefused, testRule, violatedPaths } from './rule-case.ts';

const PERCENT = {
  maxType: 'TRAINING_MAX',
  failureThreshold: 3,
  deloadType: 'percent',
  deloadPercent: '0.1',
};
const FIXED = { deloadType: 'fixed', deloadPercent: undefined, deloadAmount: '5' };

describe('DELOAD_ON_FAILURE', () => {
  test.each([
    [undefined, 'SET'],
    ['SET', 'SET'],
    ['SESSION', 'SESSION'],
  ])('fires on failures, takes no override, and given %s counts by %s', (countBy, expected) => {
    const rule = createRule('DELOAD_ON_FAILURE', { ...PERCENT, countBy });
    expect(rule).toMatchObject({ triggerType: 'ON_FAILURE', countBy: expected, stages: null });
    expect(rule).toMatchObject({ maxType: 'TRAINING_MAX', takesOverrideIncrement: false });
  });

  testRule('DELOAD_ON_FAILURE', PERCENT, [
    ['holds below the threshold', {}, { at: '200', failures: 2 }, 'FAILURE_THRESHOLD_NOT_MET'],
    ['holds without a failure', {}, { at: '200', failures: 0 }, 'FAILURE_THRESHOLD_NOT_MET'],
    ['deloads at the threshold', {}, { at: '200', failures: 3 }, '180'],
    ['deloads beyond the threshold', {}, { at: '200', failures: 4 }, '180'],
    ['deloads at the first failure', { failureThreshold: 1 }, { at: '200', failures: 1 }, '180'],
    ['needs a count', {}, { at: '200' }, 'FAILURE_COUNT_MISSING'],
    ['needs no count when a person asks', {}, { at: '200', by: 'MANUAL' }, '180'],
    ['ignores the threshold when a person asks', {}, { at: '200', by: 'MANUAL', failures: 1 }, '180'],
    ['resets the counter', { resetOnDeload: true }, { at: '200', failures: 3 }, '180 resets'],
    ['keeps the counter', { resetOnDeload: false }, { at: '200', failures: 3 }, '180'],
    [
      'resets nothing when it holds',
      { resetOnDeload: true },
      { at: '200', failures: 2 },
      'FAILURE_THRESHOLD_NOT_MET',
    ],
    ['takes no override', {}, { at: '200', failures: 3, override: '50' }, '180'],
    ['does not round unasked', {}, { at: '281.875', failures: 3 }, '253.6875'],
    ['rounds a tie up', { roundTo: '5' }, { at: '225', failures: 3 }, '205'],
    ['rounds a tie down when told', { roundTo: '5', rounding: 'DOWN' }, { at: '225', failures: 3 }, '200'],
    ['rounds up when told', { roundTo: '5', rounding: 'UP' }, { at: '226', failures: 3 }, '205'],
    ['rounds a tie to the even step too', { roundTo: '5' }, { at: '219.444445', failures: 3 }, '200'],
    ['keeps the sixth digit, ties up', { deloadPercent: '0.5' }, { at: '0.000001', failures: 3 }, '0.000001'],
    ['takes everything off', { deloadPercent: '1' }, { at: '200', failures: 3 }, '0'],
    ['takes an amount off', FIXED, { at: '310', failures: 3 }, '305'],
    ['does not round an amount', { ...FIXED, roundTo: '10' }, { at: '311', failures: 3 }, '306'],
    ['stops at 0', { ...FIXED, deloadAmount: '500' }, { at: '310', failures: 3 }, '0'],
    ['stops at the floor', { ...FIXED, minValue: '308' }, { at: '310', failures: 3 }, '308'],
    ['says so at 0', FIXED, { at: '0', failures: 3 }, 'AT_LIMIT'],
    ['says so at the floor', { minValue: '45' }, { at: '45', failures: 3 }, 'AT_LIMIT'],
    [
      'resets nothing at the floor',
      { minValue: '45', resetOnDeload: true },
      { at: '45', failures: 3 },
      'AT_LIMIT',
    ],
    ['comes down to a ceiling set below', { maxValue: '100' }, { at: '200', failures: 3 }, '100'],
  ]);

  testRefused('DELOAD_ON_FAILURE', PERCENT, [
    ['no threshold', { failureThreshold: undefined }, ['failureThreshold']],
    ['a threshold of 0', { failureThreshold: 0 }, ['failureThreshold']],
    ['a threshold of 101', { failureThreshold: 101 }, ['failureThreshold']],
    ['a threshold as text', { failureThreshold: '3' }, ['failureThreshold']],
    ['no deload type', { deloadType: undefined }, ['deloadType']],
    ['a deload type in capitals', { deloadType: 'PERCENT' }, ['deloadType']],
    ['no percent', { deloadPercent: undefined }, ['deloadPercent']],
    ['a percent of 0', { deloadPercent: '0' }, ['deloadPercent']],
    ['a percent above 1', { deloadPercent: '1.1' }, ['deloadPercent']],
    ['a percent as a number', { deloadPercent: 0.1 }, ['deloadPercent']],
    ['an amount beside the percent', { deloadAmount: '5' }, ['deloadAmount']],
    ['no amount', { ...FIXED, deloadAmount: undefined }, ['deloadAmount']],
    ['an amount of 0', { ...FIXED, deloadAmount: '0' }, ['deloadAmount']],
    ['a negative amount', { ...FIXED, deloadAmount: '-5' }, ['deloadAmount']],
    ['a percent beside the amount', { ...FIXED, deloadPercent: '0.1' }, ['deloadPercent']],
    ['an unknown count_by', { countBy: 'WEEK' }, ['countBy']],
    ['a reset that is no truth value', { resetOnDeload: 1 }, ['resetOnDeload']],
    [
      'everything that is wrong, at once',
      {
        maxType: '',
        failureThreshold: -1,
        deloadPercent: '2',
        resetOnDeload: 'no',
        countBy: 'DAY',
        minValue: 45,
      },
      ['maxType', 'failureThreshold', 'deloadPercent', 'resetOnDeload', 'countBy', 'minValue'],
    ],
  ]);

  test('accepts thresholds from 1 to 100, a percent of 1, and any amount above 0', () => {
    for (const failureThreshold of [1, 100]) {
      expect(violatedPaths('DELOAD_ON_FAILURE', { ...PERCENT, failureThreshold })).toEqual([]);
    }
    expect(violatedPaths('DELOAD_ON_FAILURE', { ...PERCENT, deloadPercent: '1' })).toEqual([]);
    expect(violatedPaths('DELOAD_ON_FAILURE', { ...PERCENT, ...FIXED, deloadAmount: '0.000001' })).toEqual(
      [],
    );
  });
});
