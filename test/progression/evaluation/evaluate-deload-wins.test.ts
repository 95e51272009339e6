import { describe, expect, test } from 'vitest';
import type { RuleRow } from '../athlete.ts';
import { createScenario, testPlay } from './scenario.ts';

const AMRAP: RuleRow = {
  id: 'amrap',
  type: 'AMRAP_PROGRESSION',
  parameters: { thresholds: [{ minReps: 5, increment: '10' }] },
};
const LINEAR: RuleRow = {
  id: 'linear',
  type: 'LINEAR_PROGRESSION',
  parameters: { triggerType: 'AFTER_SESSION', increment: '5' },
};

function deload(parameters: object = {}): RuleRow {
  const defaults = { failureThreshold: 1, deloadType: 'percent', deloadPercent: '0.1' };
  return { id: 'deload', type: 'DELOAD_ON_FAILURE', parameters: { ...defaults, ...parameters } };
}

const BY_SESSION = deload({ countBy: 'SESSION' });
const HELD = 'SUPERSEDED_BY_DELOAD';

describe('in one session event the deload wins', () => {
  testPlay(
    'when it comes first',
    {
      rules: [
        { ...BY_SESSION, priority: 1 },
        { ...LINEAR, priority: 2 },
      ],
      maxes: { squat: '100' },
    },
    [['log squat 4/5'], ['finish squat', 'deload squat 100 → 90', `linear squat ${HELD}`]],
  );

  testPlay(
    'when it comes last, and takes off from what was there before',
    {
      rules: [
        { ...LINEAR, priority: 1 },
        { ...BY_SESSION, priority: 2 },
      ],
      maxes: { squat: '100' },
    },
    [['log squat 4/5'], ['finish squat', `linear squat ${HELD}`, 'deload squat 100 → 90']],
  );

  testPlay(
    'between two increments',
    {
      rules: [
        { ...LINEAR, priority: 1 },
        { ...BY_SESSION, priority: 2 },
        { ...LINEAR, id: 'later', priority: 3 },
      ],
      maxes: { squat: '100' },
    },
    [
      ['log squat 4/5'],
      ['finish squat', `linear squat ${HELD}`, 'deload squat 100 → 90', `later squat ${HELD}`],
    ],
  );

  testPlay(
    'for its lift and max type alone',
    {
      rules: [
        { ...LINEAR, priority: 1 },
        { ...LINEAR, id: 'tested', priority: 1, parameters: { ...LINEAR.parameters, maxType: 'ONE_RM' } },
        { ...BY_SESSION, priority: 2 },
      ],
      maxes: { squat: '100', bench: '60', 'squat ONE_RM': '120', 'bench ONE_RM': '80' },
    },
    [
      ['log squat 4/5, bench 5/5'],
      [
        'finish squat bench',
        `linear squat ${HELD}`,
        'linear bench 60 → 65',
        'tested squat 120 → 125',
        'tested bench 80 → 85',
        'deload squat 100 → 90',
      ],
    ],
  );

  testPlay(
    'and nothing is held when the threshold is not met',
    { rules: [LINEAR, deload({ countBy: 'SESSION', failureThreshold: 2 })], maxes: { squat: '100' } },
    [
      ['log squat 4/5'],
      ['finish squat', 'deload squat FAILURE_THRESHOLD_NOT_MET', 'linear squat 100 → 105'],
      ['log squat 4/5'],
      ['finish squat', 'deload squat 105 → 94.5', `linear squat ${HELD}`],
    ],
  );

  testPlay(
    'and nothing is held when the deload is at its floor',
    {
      rules: [
        { ...LINEAR, priority: 1 },
        { ...deload({ countBy: 'SESSION', minValue: '105' }), priority: 2 },
      ],
      maxes: { squat: '100' },
    },
    [['log squat 4/5'], ['finish squat', 'linear squat 100 → 105', 'deload squat AT_LIMIT']],
  );

  testPlay(
    'also when a stage starts over lighter, but not when it only goes on',
    {
      rules: [
        { ...LINEAR, priority: 1 },
        {
          id: 'stage',
          type: 'STAGE_PROGRESSION',
          priority: 2,
          parameters: {
            stages: Array(2).fill({ name: '5x5', sets: 5, reps: 5, minVolume: 25 }),
            countBy: 'SESSION',
            resetOnExhaustion: true,
            deloadOnReset: true,
            deloadPercent: '0.1',
          },
        },
      ],
      maxes: { squat: '100' },
    },
    [
      ['log squat 4/5'],
      ['finish squat', 'linear squat 100 → 105', 'stage squat 105 → 105 stage 1'],
      ['log squat 4/5'],
      ['finish squat', `linear squat ${HELD}`, 'stage squat 105 → 94.5 stage 0'],
    ],
  );
});

describe('in one call of sets the deload wins', () => {
  testPlay('over an earlier set', { rules: [AMRAP, deload()], maxes: { squat: '100' } }, [
    ['log squat 8/5+ 4/5', `amrap squat ${HELD}`, 'amrap squat NOT_AMRAP', 'deload squat 100 → 90'],
  ]);

  testPlay('over a later set', { rules: [AMRAP, deload()], maxes: { squat: '100' } }, [
    ['log squat 4/5 8/5+', 'amrap squat NOT_AMRAP', 'deload squat 100 → 90', `amrap squat ${HELD}`],
  ]);

  testPlay('over an increment for the very set', { rules: [AMRAP, deload()], maxes: { squat: '100' } }, [
    ['log squat 8/10+', `amrap squat ${HELD}`, 'deload squat 100 → 90'],
  ]);

  testPlay('twice where two sets deload', { rules: [AMRAP, deload()], maxes: { squat: '100' } }, [
    [
      'log squat 8/5+ 8/10+ 4/5',
      `amrap squat ${HELD}`,
      `amrap squat ${HELD}`,
      'deload squat 100 → 90',
      'amrap squat NOT_AMRAP',
      'deload squat 90 → 81',
    ],
  ]);

  testPlay('for its lift alone', { rules: [AMRAP, deload()], maxes: { squat: '100', bench: '60' } }, [
    [
      'log squat 8/5+, bench 8/5+ 4/5',
      'amrap squat 100 → 110',
      `amrap bench ${HELD}`,
      'amrap bench NOT_AMRAP',
      'deload bench 60 → 54',
    ],
  ]);

  testPlay(
    'also when it is the AMRAP rule that deloads',
    {
      rules: [
        {
          ...AMRAP,
          parameters: {
            thresholds: [
              { minReps: 0, increment: '-5' },
              { minReps: 5, increment: '10' },
            ],
          },
        },
      ],
      maxes: { squat: '100' },
    },
    [['log squat 8/5+ 1/1+ 0/0+', `amrap squat ${HELD}`, 'amrap squat 100 → 95', 'amrap squat 95 → 90']],
  );
});

test('a held increment changes neither value nor version, and the answer names the deload that holds it', () => {
  const scenario = createScenario({ rules: [AMRAP, deload()], maxes: { squat: '100' } });
  const { results } = scenario.plan('log squat 8/5+ 4/5');
  expect(
    results.map(({ reason, value, application }) => [reason, value?.toFixed(), application?.version]),
  ).toEqual([
    [HELD, '100', undefined],
    ['NOT_AMRAP', '100', undefined],
    [null, '90', 2],
  ]);
});

test('evaluating again does not count failures twice', () => {
  const counting = deload({ failureThreshold: 2, resetOnDeload: false });
  const scenario = createScenario({ rules: [AMRAP, counting], maxes: { squat: '100' } });
  scenario.plan('log squat 8/5+ 4/5 4/5');
  expect(scenario.failures('deload', 'squat')).toBe(2);
});
