import { describe, expect, test } from 'vitest';
import { createRule } from '../../../../src/progression/evaluation/rules/rule-types.ts';
import { testRefused, testRule, violatedPaths } from './rule-case.ts';

const PER_SET = { maxType: 'TRAINING_MAX', weightIncrement: '2.5', minReps: 8, maxReps: 12 };
const PER_SESSION = { triggerType: 'AFTER_SESSION' };

describe('DOUBLE_PROGRESSION', () => {
  test.each([
    [undefined, 'AFTER_SET'],
    ['AFTER_SET', 'AFTER_SET'],
    ['AFTER_SESSION', 'AFTER_SESSION'],
  ])('takes an override, and given %s fires on %s', (triggerType, expected) => {
    const rule = createRule('DOUBLE_PROGRESSION', { ...PER_SET, triggerType });
    expect(rule).toMatchObject({
      maxType: 'TRAINING_MAX',
      triggerType: expected,
      countBy: null,
      stages: null,
    });
    expect(rule.takesOverrideIncrement).toBe(true);
  });

  testRule('DOUBLE_PROGRESSION', PER_SET, [
    ['holds at the bottom of the range', {}, { at: '100', reps: 8 }, 'REP_CEILING_NOT_REACHED'],
    ['holds below the top of the range', {}, { at: '100', reps: 11 }, 'REP_CEILING_NOT_REACHED'],
    ['adds at the top of the range', {}, { at: '100', reps: 12 }, '102.5'],
    ['adds above the range', {}, { at: '100', reps: 20 }, '102.5'],
    ['adds after an AMRAP set too', {}, { at: '100', reps: 12, amrap: true }, '102.5'],
    ['earns nothing below the target weight', {}, { at: '100', reps: 12, light: true }, 'TARGET_MISSED'],
    ['needs repetitions', {}, { at: '100' }, 'REPS_MISSING'],
    ['looks at its set alone', {}, { at: '100', reps: 12, workReps: [8, 12] }, '102.5'],
    ['has no use for other sets', {}, { at: '100', workReps: [12] }, 'REPS_MISSING'],
    ['knows a range of one', { minReps: 1, maxReps: 1 }, { at: '100', reps: 1 }, '102.5'],
    ['prefers the override', {}, { at: '100', reps: 12, override: '1.25' }, '101.25'],
    ['never rounds', { roundTo: '5' }, { at: '101', reps: 12 }, '103.5'],
    ['stops at the ceiling', { maxValue: '101' }, { at: '100', reps: 12 }, '101'],
    ['says so at the ceiling', { maxValue: '100' }, { at: '100', reps: 12 }, 'AT_LIMIT'],
    ['comes up to the floor', { minValue: '20' }, { at: '10', reps: 12 }, '20'],
    [
      'keeps the range when a person asks',
      {},
      { at: '100', reps: 11, by: 'MANUAL' },
      'REP_CEILING_NOT_REACHED',
    ],
    ['adds when a person asks', {}, { at: '100', reps: 12, by: 'MANUAL' }, '102.5'],
  ]);

  describe('after sessions', () => {
    testRule('DOUBLE_PROGRESSION', { ...PER_SET, ...PER_SESSION }, [
      ['adds when every work set reaches the top', {}, { at: '20', workReps: [12, 12, 13] }, '22.5'],
      ['holds when one does not', {}, { at: '20', workReps: [12, 11, 12] }, 'REP_CEILING_NOT_REACHED'],
      ['holds when the first does not', {}, { at: '20', workReps: [8, 12, 12] }, 'REP_CEILING_NOT_REACHED'],
      ['needs sets', {}, { at: '20', workReps: [] }, 'REPS_MISSING'],
      ['has no use for the last set alone', {}, { at: '20', workReps: [], reps: 12 }, 'REPS_MISSING'],
      ['prefers the override', {}, { at: '20', workReps: [12], override: '5' }, '25'],
      ['looks at all sets when a person asks', {}, { at: '20', workReps: [12, 12], by: 'MANUAL' }, '22.5'],
    ]);
  });

  testRefused('DOUBLE_PROGRESSION', PER_SET, [
    ['the trigger of a week', { triggerType: 'AFTER_WEEK' }, ['triggerType']],
    ['no increment', { weightIncrement: undefined }, ['weightIncrement']],
    ['an increment of 0', { weightIncrement: '0' }, ['weightIncrement']],
    ['a negative increment', { weightIncrement: '-2.5' }, ['weightIncrement']],
    ['an increment as a number', { weightIncrement: 2.5 }, ['weightIncrement']],
    ['a bottom of 0', { minReps: 0 }, ['minReps']],
    ['no bottom', { minReps: undefined }, ['minReps']],
    ['a top of 1001', { maxReps: 1001 }, ['maxReps']],
    ['a bottom above the top', { minReps: 13 }, ['minReps']],
    [
      'everything that is wrong, at once',
      { maxType: 'X', triggerType: 'X', weightIncrement: 'x', minReps: 1.5, maxValue: '-1' },
      ['maxType', 'triggerType', 'weightIncrement', 'minReps', 'maxValue'],
    ],
  ]);

  test('accepts ranges from 1 to 1000, also of one number', () => {
    expect(violatedPaths('DOUBLE_PROGRESSION', { ...PER_SET, minReps: 1, maxReps: 1000 })).toEqual([]);
    expect(violatedPaths('DOUBLE_PROGRESSION', { ...PER_SET, minReps: 12 })).toEqual([]);
  });

  test('names the missing top, and not the valid bottom', () => {
    expect(violatedPaths('DOUBLE_PROGRESSION', { ...PER_SET, maxReps: undefined })).toEqual(['maxReps']);
  });
});
