import { describe, expect, test } from 'vitest';
import type { RuleRow } from '../athlete.ts';
import { createScenario, testPlay } from './scenario.ts';

const PLUS_TEN: RuleRow = {
  id: 'ten',
  type: 'LINEAR_PROGRESSION',
  parameters: { triggerType: 'AFTER_SESSION', increment: '10' },
};
const HALF_ON_TOP: RuleRow = {
  id: 'half',
  type: 'LINEAR_PROGRESSION',
  parameters: { triggerType: 'AFTER_SESSION', incrementPercent: '0.5' },
};

describe('rules of one lift max', () => {
  testPlay(
    'apply by priority, and a later one sees what an earlier one left',
    {
      rules: [
        { ...PLUS_TEN, priority: 1 },
        { ...HALF_ON_TOP, priority: 2 },
      ],
      maxes: { squat: '100' },
    },
    [['finish squat', 'ten squat 100 → 110', 'half squat 110 → 165']],
  );

  testPlay(
    'apply the other way round when the priorities are',
    {
      rules: [
        { ...PLUS_TEN, priority: 2 },
        { ...HALF_ON_TOP, priority: 1 },
      ],
      maxes: { squat: '100' },
    },
    [['finish squat', 'half squat 100 → 150', 'ten squat 150 → 160']],
  );

  testPlay(
    'apply by the id of their row when the priorities tie',
    {
      rules: [
        { ...PLUS_TEN, rowId: 'b' },
        { ...HALF_ON_TOP, rowId: 'a' },
      ],
      maxes: { squat: '100' },
    },
    [['finish squat', 'half squat 100 → 150', 'ten squat 150 → 160']],
  );

  testPlay(
    'see nothing of what a rule of another lift or max type left',
    {
      rules: [
        { ...PLUS_TEN, lift: 'squat', priority: 1 },
        { ...HALF_ON_TOP, lift: 'bench', priority: 2 },
        { ...PLUS_TEN, id: 'tested', priority: 3, parameters: { ...PLUS_TEN.parameters, maxType: 'ONE_RM' } },
      ],
      maxes: { squat: '100', bench: '60', 'squat ONE_RM': '120', 'bench ONE_RM': '80' },
    },
    [
      [
        'finish squat bench',
        'ten squat 100 → 110',
        'half bench 60 → 90',
        'tested squat 120 → 130',
        'tested bench 80 → 90',
      ],
    ],
  );

  testPlay(
    'see what an earlier set of the same call left',
    {
      rules: [
        {
          id: 'amrap',
          type: 'AMRAP_PROGRESSION',
          parameters: { thresholds: [{ minReps: 5, increment: '5' }] },
        },
      ],
      maxes: { squat: '100' },
    },
    [
      [
        'log squat 5/5+ 6/5+ 4/1+',
        'amrap squat 100 → 105',
        'amrap squat 105 → 110',
        'amrap squat REP_THRESHOLD_NOT_MET',
      ],
    ],
  );

  test('append one version each, without a gap', () => {
    const rules = [PLUS_TEN, HALF_ON_TOP, { ...PLUS_TEN, id: 'third' }];
    const scenario = createScenario({ rules, maxes: { squat: '100' } });
    const versions = ['finish squat', 'finish squat'].map((event) =>
      scenario.plan(event).results.map(({ application }) => application?.version),
    );
    expect(versions).toEqual([
      [2, 3, 4],
      [5, 6, 7],
    ]);
  });

  test('leave the value that a later skipped rule reports', () => {
    const capped = { ...PLUS_TEN, id: 'capped', parameters: { ...PLUS_TEN.parameters, maxValue: '150' } };
    const rules = [
      { ...HALF_ON_TOP, priority: 1 },
      { ...capped, priority: 2 },
    ];
    const { results } = createScenario({ rules, maxes: { squat: '100' } }).plan('finish squat');
    expect(results.map(({ reason, value }) => [reason, value?.toFixed()])).toEqual([
      [null, '150'],
      ['AT_LIMIT', '150'],
    ]);
  });
});
