import { describe, expect, test } from 'vitest';
import { createRule } from '../../../../src/progression/evaluation/rules/rule-types.ts';
import { testRefused, testRule } from './rule-case.ts';

const NSUNS = {
  maxType: 'TRAINING_MAX',
  thresholds: [
    { minReps: 4, increment: '10' },
    { minReps: 2, increment: '5' },
    { minReps: 6, increment: '15' },
  ],
};
const MIXED = {
  thresholds: [
    { minReps: 0, increment: '-10' },
    { minReps: 3, incrementPercent: '-0.1' },
    { minReps: 5, increment: '2.5' },
    { minReps: 8, incrementPercent: '0.025' },
  ],
};

describe('AMRAP_PROGRESSION', () => {
  test('fires after sets and takes no override', () => {
    const rule = createRule('AMRAP_PROGRESSION', NSUNS);
    expect(rule).toMatchObject({
      maxType: 'TRAINING_MAX',
      triggerType: 'AFTER_SET',
      countBy: null,
      stages: null,
    });
    expect(rule.takesOverrideIncrement).toBe(false);
  });

  testRule('AMRAP_PROGRESSION', NSUNS, [
    ['gives nothing for no repetition', {}, { at: '300', amrap: true, reps: 0 }, 'REP_THRESHOLD_NOT_MET'],
    ['gives nothing below the lowest', {}, { at: '300', amrap: true, reps: 1 }, 'REP_THRESHOLD_NOT_MET'],
    ['gives the lowest at its bound', {}, { at: '300', amrap: true, reps: 2 }, '305'],
    ['gives the lowest below the next', {}, { at: '300', amrap: true, reps: 3 }, '305'],
    ['gives the middle at its bound', {}, { at: '300', amrap: true, reps: 4 }, '310'],
    ['gives the middle below the next', {}, { at: '300', amrap: true, reps: 5 }, '310'],
    ['gives the highest at its bound', {}, { at: '300', amrap: true, reps: 6 }, '315'],
    ['gives the highest far above it', {}, { at: '300', amrap: true, reps: 100 }, '315'],
    ['looks at AMRAP sets only', {}, { at: '300', reps: 6 }, 'NOT_AMRAP'],
    ['needs repetitions', {}, { at: '300', amrap: true }, 'REPS_MISSING'],
    ['needs repetitions first of all', {}, { at: '300' }, 'REPS_MISSING'],
    ['needs repetitions when a person asks, too', {}, { at: '300', by: 'MANUAL' }, 'REPS_MISSING'],
    ['looks at the set when a person asks', {}, { at: '300', by: 'MANUAL', amrap: true, reps: 4 }, '310'],
    ['takes no override', {}, { at: '300', amrap: true, reps: 2, override: '50' }, '305'],
    ['stops at the ceiling', { maxValue: '307' }, { at: '300', amrap: true, reps: 9 }, '307'],
    ['says so at the ceiling', { maxValue: '300' }, { at: '300', amrap: true, reps: 9 }, 'AT_LIMIT'],
    ['does not round an amount', { roundTo: '10' }, { at: '301', amrap: true, reps: 2 }, '306'],
    ['deloads by an amount', MIXED, { at: '300', amrap: true, reps: 2 }, '290'],
    ['deloads by a share', MIXED, { at: '300', amrap: true, reps: 4 }, '270'],
    ['adds above the deloads', MIXED, { at: '300', amrap: true, reps: 5 }, '302.5'],
    [
      'earns nothing below the target weight',
      {},
      { at: '300', amrap: true, reps: 6, light: true },
      'TARGET_MISSED',
    ],
    ['deloads below the target weight', MIXED, { at: '300', amrap: true, reps: 2, light: true }, '290'],
    [
      'leaves the target weight to the person who asks',
      {},
      { at: '300', by: 'MANUAL', amrap: true, reps: 4, light: true },
      '310',
    ],
    ['adds a share', MIXED, { at: '300', amrap: true, reps: 8 }, '307.5'],
    ['rounds a share, ties up', { ...MIXED, roundTo: '5' }, { at: '300', amrap: true, reps: 8 }, '310'],
    ['deloads to the floor', { ...MIXED, minValue: '295' }, { at: '300', amrap: true, reps: 0 }, '295'],
    ['deloads to 0', MIXED, { at: '4', amrap: true, reps: 0 }, '0'],
    ['says so at the floor', { ...MIXED, minValue: '45' }, { at: '45', amrap: true, reps: 0 }, 'AT_LIMIT'],
  ]);

  const withThreshold = (threshold: object) => ({ thresholds: [{ minReps: 2, increment: '5' }, threshold] });

  testRefused('AMRAP_PROGRESSION', NSUNS, [
    ['no thresholds', { thresholds: undefined }, ['thresholds']],
    ['an empty list', { thresholds: [] }, ['thresholds']],
    ['thresholds that are no objects', { thresholds: [5] }, ['thresholds']],
    ['thresholds that are an object', { thresholds: { minReps: 2, increment: '5' } }, ['thresholds']],
    ['21 thresholds', { thresholds: thresholds(21) }, ['thresholds']],
    ['negative repetitions', withThreshold({ minReps: -1, increment: '5' }), ['thresholds[1].minReps']],
    ['1001 repetitions', withThreshold({ minReps: 1001, increment: '5' }), ['thresholds[1].minReps']],
    ['repetitions as text', withThreshold({ minReps: '3', increment: '5' }), ['thresholds[1].minReps']],
    ['half a repetition', withThreshold({ minReps: 2.5, increment: '5' }), ['thresholds[1].minReps']],
    ['the same repetitions twice', withThreshold({ minReps: 2, increment: '9' }), ['thresholds[1].minReps']],
    ['no increment', withThreshold({ minReps: 3 }), ['thresholds[1].increment']],
    ['an increment of 0', withThreshold({ minReps: 3, increment: '0' }), ['thresholds[1].increment']],
    ['an increment as a number', withThreshold({ minReps: 3, increment: 5 }), ['thresholds[1].increment']],
    [
      'a share of 0',
      withThreshold({ minReps: 3, incrementPercent: '0' }),
      ['thresholds[1].incrementPercent'],
    ],
    [
      'more than all',
      withThreshold({ minReps: 3, incrementPercent: '1.1' }),
      ['thresholds[1].incrementPercent'],
    ],
    [
      'less than none',
      withThreshold({ minReps: 3, incrementPercent: '-1.1' }),
      ['thresholds[1].incrementPercent'],
    ],
    [
      'everything that is wrong, at once',
      { maxType: 'NONE', thresholds: [{ minReps: 'x', increment: '5' }, { minReps: 1 }], roundTo: 5 },
      ['maxType', 'thresholds[0].minReps', 'thresholds[1].increment', 'roundTo'],
    ],
  ]);

  test('accepts up to 20 thresholds, from 0 to 1000 repetitions, and shares up to the whole weight', () => {
    const widest = [
      { minReps: 0, incrementPercent: '-1' },
      { minReps: 1000, incrementPercent: '1' },
    ];
    expect(() => createRule('AMRAP_PROGRESSION', { ...NSUNS, thresholds: thresholds(20) })).not.toThrow();
    expect(() => createRule('AMRAP_PROGRESSION', { ...NSUNS, thresholds: widest })).not.toThrow();
  });
});

function thresholds(count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({ minReps: index, increment: '5' }));
}
