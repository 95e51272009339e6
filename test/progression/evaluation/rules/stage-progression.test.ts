import { describe, expect, test } from 'vitest';
import { createRule } from '../../../../src/progression/evaluation/rules/rule-types.ts';
import { testRefused, testRule, violatedPaths } from './rule-case.ts';

const STAGES = [
  { name: '5x3+', sets: 5, reps: 3, isAmrap: true, minVolume: 15 },
  { name: '6x2+', sets: 6, reps: 2, isAmrap: true, minVolume: 12 },
  { name: '10x1', sets: 10, reps: 1, minVolume: 10 },
];
const GZCLP = { maxType: 'TRAINING_MAX', stages: STAGES };
const RESET = { resetOnExhaustion: true };
const LIGHTER = { ...RESET, deloadOnReset: true, deloadPercent: '0.15' };

describe('STAGE_PROGRESSION', () => {
  test('fires on failures, takes no override, counts by set, and shows its stages', () => {
    const rule = createRule('STAGE_PROGRESSION', GZCLP);
    expect(rule).toMatchObject({ maxType: 'TRAINING_MAX', triggerType: 'ON_FAILURE', countBy: 'SET' });
    expect(rule.takesOverrideIncrement).toBe(false);
    expect(rule.stages).toEqual([STAGES[0], STAGES[1], { ...STAGES[2], isAmrap: false }]);
  });

  test('counts by session with count_by SESSION', () => {
    expect(createRule('STAGE_PROGRESSION', { ...GZCLP, countBy: 'SESSION' }).countBy).toBe('SESSION');
  });

  testRule('STAGE_PROGRESSION', GZCLP, [
    ['goes on to the second stage', {}, { at: '200', stage: 0 }, '200 stage 1'],
    ['goes on to the last stage', {}, { at: '200', stage: 1 }, '200 stage 2'],
    ['stops after the last stage', {}, { at: '200', stage: 2 }, 'STAGES_EXHAUSTED'],
    ['goes on when a person asks', {}, { at: '200', stage: 1, by: 'MANUAL' }, '200 stage 2'],
    ['stops when a person asks, too', {}, { at: '200', stage: 2, by: 'MANUAL' }, 'STAGES_EXHAUSTED'],
    ['starts over', RESET, { at: '200', stage: 2 }, '200 stage 0'],
    ['starts over lighter', LIGHTER, { at: '200', stage: 2 }, '170 stage 0'],
    ['keeps the weight on the way', LIGHTER, { at: '200', stage: 0 }, '200 stage 1'],
    [
      'stops although a deload is set',
      { ...LIGHTER, ...{ resetOnExhaustion: false } },
      { at: '200', stage: 2 },
      'STAGES_EXHAUSTED',
    ],
    ['rounds what it takes off', { ...LIGHTER, roundTo: '5' }, { at: '220', stage: 2 }, '185 stage 0'],
    ['rounds down', { ...LIGHTER, roundTo: '5', rounding: 'DOWN' }, { at: '215', stage: 2 }, '180 stage 0'],
    ['rounds up', { ...LIGHTER, roundTo: '5', rounding: 'UP' }, { at: '213', stage: 2 }, '185 stage 0'],
    ['stops at the floor', { ...LIGHTER, minValue: '180' }, { at: '200', stage: 2 }, '180 stage 0'],
    ['starts over at the floor', { ...LIGHTER, minValue: '200' }, { at: '200', stage: 2 }, '200 stage 0'],
    ['does not round what stays', { ...RESET, roundTo: '5' }, { at: '201', stage: 2 }, '201 stage 0'],
    ['has a single stage', { stages: [STAGES[0]] }, { at: '200', stage: 0 }, 'STAGES_EXHAUSTED'],
    [
      'starts a single stage over',
      { ...LIGHTER, stages: [STAGES[0]] },
      { at: '200', stage: 0 },
      '170 stage 0',
    ],
    ['takes no override', LIGHTER, { at: '200', stage: 2, override: '50' }, '170 stage 0'],
    ['ignores the count of failures', {}, { at: '200', stage: 0, failures: 0 }, '200 stage 1'],
  ]);

  const withStage = (stage: object) => ({ stages: [STAGES[0], { ...STAGES[1], ...stage }] });

  testRefused('STAGE_PROGRESSION', GZCLP, [
    ['no stages', { stages: undefined }, ['stages']],
    ['an empty list', { stages: [] }, ['stages']],
    ['21 stages', { stages: Array(21).fill(STAGES[0]) }, ['stages']],
    ['stages by name', { stages: ['5x3+'] }, ['stages']],
    ['a stage without a name', withStage({ name: undefined }), ['stages[1].name']],
    ['an empty name', withStage({ name: '' }), ['stages[1].name']],
    ['a name of 101 characters', withStage({ name: 'x'.repeat(101) }), ['stages[1].name']],
    ['a name that is a number', withStage({ name: 5 }), ['stages[1].name']],
    ['no sets', withStage({ sets: 0 }), ['stages[1].sets']],
    ['101 sets', withStage({ sets: 101 }), ['stages[1].sets']],
    ['no repetitions', withStage({ reps: 0 }), ['stages[1].reps']],
    ['1001 repetitions', withStage({ reps: 1001 }), ['stages[1].reps']],
    ['a negative volume', withStage({ minVolume: -1 }), ['stages[1].minVolume']],
    ['a volume above 100,000', withStage({ minVolume: 100_001 }), ['stages[1].minVolume']],
    ['an AMRAP mark that is no truth value', withStage({ isAmrap: 'yes' }), ['stages[1].isAmrap']],
    ['a deload without a size', { deloadOnReset: true }, ['deloadPercent']],
    ['a deload of 0', { ...LIGHTER, deloadPercent: '0' }, ['deloadPercent']],
    ['a deload of more than all', { ...LIGHTER, deloadPercent: '1.5' }, ['deloadPercent']],
    ['a reset that is no truth value', { resetOnExhaustion: 'yes' }, ['resetOnExhaustion']],
    ['a deload mark that is no truth value', { deloadOnReset: 1 }, ['deloadOnReset']],
    ['an unknown count_by', { countBy: 'set' }, ['countBy']],
    ['an unknown fail_by', { failBy: 'volume' }, ['failBy']],
    ['a volume to judge sets by', { failBy: 'VOLUME', countBy: 'SET' }, ['failBy']],
    [
      'a volume of 0 to judge by',
      { failBy: 'VOLUME', countBy: 'SESSION', ...withStage({ minVolume: 0 }) },
      ['stages[1].minVolume'],
    ],
    [
      'everything that is wrong, at once',
      { ...withStage({ name: '', sets: 1.5 }), maxType: null, deloadOnReset: true, rounding: 'OFF' },
      ['maxType', 'stages[1].name', 'stages[1].sets', 'deloadPercent', 'rounding'],
    ],
  ]);

  test('accepts the largest stages that its errors allow', () => {
    const widest = { name: 'x'.repeat(100), sets: 100, reps: 1000, minVolume: 100_000 };
    const narrowest = { name: 'x', sets: 1, reps: 1, minVolume: 0 };
    const stages = [...Array(19).fill(widest), narrowest];
    expect(violatedPaths('STAGE_PROGRESSION', { ...GZCLP, ...LIGHTER, deloadPercent: '1', stages })).toEqual(
      [],
    );
  });
});
