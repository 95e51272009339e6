import { describe } from 'vitest';
import type { RuleRow } from '../athlete.ts';
import { testPlay } from './scenario.ts';

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

describe('in one session of several calls the deload wins', () => {
  testPlay(
    'over increments to come, until the next session',
    { rules: [AMRAP, deload(), LINEAR], maxes: { squat: '100' } },
    [
      ['log squat 4/5', 'amrap squat NOT_AMRAP', 'deload squat 100 → 90'],
      ['log squat 8/5+', `amrap squat ${HELD}`],
      ['finish squat', `linear squat ${HELD}`],
      ['log squat 8/5+', 'amrap squat 90 → 100'],
      ['finish squat', 'linear squat 100 → 105'],
    ],
  );

  testPlay(
    'over increments that stand already: it takes off from what was there before',
    { rules: [AMRAP, deload()], maxes: { squat: '100' } },
    [
      ['log squat 8/5+', 'amrap squat 100 → 110'],
      ['log squat 8/5+', 'amrap squat 110 → 120'],
      ['log squat 4/5', 'amrap squat NOT_AMRAP', 'deload squat 120 → 90'],
      ['log squat 4/5', 'amrap squat NOT_AMRAP', 'deload squat 90 → 81'],
    ],
  );

  testPlay(
    'and takes the increments back once, with two failed sets in the call',
    { rules: [AMRAP, deload()], maxes: { squat: '100' } },
    [
      ['log squat 8/5+', 'amrap squat 100 → 110'],
      [
        'log squat 4/5 4/5',
        'amrap squat NOT_AMRAP',
        'deload squat 110 → 90',
        'amrap squat NOT_AMRAP',
        'deload squat 90 → 81',
      ],
    ],
  );

  testPlay(
    'and takes the increments back when the call has more of them',
    { rules: [AMRAP, deload()], maxes: { squat: '100' } },
    [
      ['log squat 8/5+', 'amrap squat 100 → 110'],
      ['log squat 8/5+ 4/5', `amrap squat ${HELD}`, 'amrap squat NOT_AMRAP', 'deload squat 110 → 90'],
    ],
  );

  testPlay('at the end of the session too', { rules: [AMRAP, BY_SESSION], maxes: { squat: '100' } }, [
    ['log squat 8/5+ 4/5', 'amrap squat 100 → 110', 'amrap squat NOT_AMRAP'],
    ['finish squat', 'deload squat 110 → 90'],
  ]);

  testPlay('not over what another session added', { rules: [AMRAP, deload()], maxes: { squat: '100' } }, [
    ['log squat 8/5+', 'amrap squat 100 → 110'],
    ['finish squat'],
    ['log squat 4/5', 'amrap squat NOT_AMRAP', 'deload squat 110 → 99'],
  ]);

  testPlay(
    'not over what another lift was given',
    { rules: [AMRAP, deload()], maxes: { squat: '100', bench: '60' } },
    [
      ['log squat 8/5+', 'amrap squat 100 → 110'],
      ['log bench 4/5', 'amrap bench NOT_AMRAP', 'deload bench 60 → 54'],
      ['log squat 8/5+', 'amrap squat 110 → 120'],
    ],
  );

  testPlay(
    'and stays at the floor where that is above what was there before',
    { rules: [AMRAP, deload({ minValue: '95' })], maxes: { squat: '100' } },
    [
      ['log squat 8/5+', 'amrap squat 100 → 110'],
      ['log squat 4/5', 'amrap squat NOT_AMRAP', 'deload squat 110 → 95'],
    ],
  );

  testPlay(
    'and takes the increments back where it can take no more than them',
    { rules: [AMRAP, deload({ minValue: '100' })], maxes: { squat: '100' } },
    [
      ['log squat 8/5+', 'amrap squat 100 → 110'],
      [
        'log squat 4/5 4/5',
        'amrap squat NOT_AMRAP',
        'deload squat 110 → 100',
        'amrap squat NOT_AMRAP',
        'deload squat AT_LIMIT',
      ],
      ['log squat 8/5+', `amrap squat ${HELD}`],
    ],
  );

  testPlay(
    'and a stage that only goes on takes nothing back',
    {
      rules: [
        AMRAP,
        {
          id: 'stage',
          type: 'STAGE_PROGRESSION',
          parameters: { stages: Array(2).fill({ name: '5x5', sets: 5, reps: 5, minVolume: 25 }) },
        },
      ],
      maxes: { squat: '100' },
    },
    [
      ['log squat 8/5+', 'amrap squat 100 → 110'],
      ['log squat 4/5', 'amrap squat NOT_AMRAP', 'stage squat 110 → 110 stage 1'],
      ['log squat 8/5+', 'amrap squat 110 → 120'],
    ],
  );
});
