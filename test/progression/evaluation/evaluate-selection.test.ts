import { describe } from 'vitest';
import type { RuleRow } from '../athlete.ts';
import { testPlay } from './scenario.ts';

/** Adds 5 after each session by default. */
function linear(id: string, parameters: object = {}, place: Partial<RuleRow> = {}): RuleRow {
  const defaults = { triggerType: 'AFTER_SESSION', increment: '5' };
  return { id, type: 'LINEAR_PROGRESSION', parameters: { ...defaults, ...parameters }, ...place };
}

const WEEKLY = { triggerType: 'AFTER_WEEK', increment: '10' };
const CYCLICAL: RuleRow = { id: 'cyclical', type: 'CYCLE_PROGRESSION', parameters: { increment: '20' } };

describe('an event concerns', () => {
  testPlay(
    'each kind of event its own',
    { rules: [linear('daily'), linear('weekly', WEEKLY), CYCLICAL], maxes: { squat: '100' } },
    [
      ['finish squat', 'daily squat 100 → 105'],
      ['week', 'weekly squat 105 → 115'],
      ['cycle', 'cyclical squat 115 → 135'],
      ['log squat 5/5'],
    ],
  );

  testPlay(
    'a session only the lifts performed',
    { rules: [linear('daily')], maxes: { squat: '100', bench: '60', row: '50' } },
    [
      [
        'finish bench',
        'daily squat LIFT_NOT_PERFORMED',
        'daily bench 60 → 65',
        'daily row LIFT_NOT_PERFORMED',
      ],
      ['finish row squat', 'daily squat 100 → 105', 'daily bench LIFT_NOT_PERFORMED', 'daily row 50 → 55'],
      [
        'finish',
        'daily squat LIFT_NOT_PERFORMED',
        'daily bench LIFT_NOT_PERFORMED',
        'daily row LIFT_NOT_PERFORMED',
      ],
      ['finish curl', ...['squat', 'bench', 'row'].map((lift) => `daily ${lift} LIFT_NOT_PERFORMED`)],
    ],
  );

  testPlay(
    'a week and a cycle all lifts',
    { rules: [linear('weekly', WEEKLY), CYCLICAL], maxes: { squat: '100', bench: '60' } },
    [
      ['week', 'weekly squat 100 → 110', 'weekly bench 60 → 70'],
      ['cycle', 'cyclical squat 110 → 130', 'cyclical bench 70 → 90'],
    ],
  );

  testPlay(
    "a lift's own rule in place of the program's",
    {
      rules: [linear('all'), linear('own', { increment: '2.5' }, { lift: 'bench' })],
      maxes: { squat: '100', bench: '60' },
    },
    [['finish squat bench', 'all squat 100 → 105', 'own bench 60 → 62.5']],
  );

  testPlay(
    'no rule for a lift that opted out',
    {
      rules: [linear('all'), linear('out', {}, { lift: 'bench', enabled: false })],
      maxes: { squat: '1', bench: '6' },
    },
    [
      ['finish squat bench', 'all squat 1 → 6', 'out bench DISABLED'],
      ['finish squat', 'all squat 6 → 11', 'out bench DISABLED'],
    ],
  );

  testPlay(
    'disabled rules not at all',
    { rules: [linear('off', {}, { enabled: false }), linear('on')], maxes: { squat: '100' } },
    [['finish squat', 'off squat DISABLED', 'on squat 100 → 105']],
  );

  testPlay(
    'an own rule of another trigger or max type beside the program-wide one',
    {
      rules: [
        linear('all'),
        linear('weekly', WEEKLY, { lift: 'squat' }),
        linear('tested', { maxType: 'ONE_RM', increment: '1' }, { lift: 'squat' }),
      ],
      maxes: { squat: '100', 'squat ONE_RM': '120' },
    },
    [
      ['finish squat', 'all squat 100 → 105', 'tested squat 120 → 121'],
      ['week', 'weekly squat 105 → 115'],
    ],
  );

  testPlay(
    'nothing of a lift without a max of that type',
    {
      rules: [linear('daily'), linear('tested', { maxType: 'ONE_RM' }), linear('weekly', WEEKLY), CYCLICAL],
      lifts: ['squat', 'bench'],
      maxes: { squat: '100', 'bench ESTIMATED_ONE_RM': '80' },
    },
    [
      [
        'finish squat bench',
        'daily squat 100 → 105',
        'daily bench NO_CURRENT_MAX',
        'tested squat NO_CURRENT_MAX',
        'tested bench NO_CURRENT_MAX',
      ],
      ['week', 'weekly squat 105 → 115', 'weekly bench NO_CURRENT_MAX'],
      ['cycle', 'cyclical squat 115 → 135', 'cyclical bench NO_CURRENT_MAX'],
    ],
  );

  testPlay('in a program without rules, none', { rules: [], maxes: { squat: '100' } }, [
    ['finish squat'],
    ['log squat 3/5'],
    ['week'],
    ['cycle'],
  ]);
});

describe('the override of a row', () => {
  testPlay(
    'replaces the increments of linear, cycle, double and Greyskull rules, a share included',
    {
      rules: [
        linear('fixed', {}, { override: '1' }),
        linear('share', { increment: undefined, incrementPercent: '0.1' }, { override: '2' }),
        { ...CYCLICAL, override: '3' },
        {
          id: 'double',
          type: 'DOUBLE_PROGRESSION',
          override: '4',
          lift: 'curl',
          parameters: { weightIncrement: '5', minReps: 8, maxReps: 12 },
        },
        {
          id: 'greyskull',
          type: 'GREYSKULL_PROGRESSION',
          override: '0.5',
          lift: 'press',
          parameters: { weightIncrement: '5', minReps: 5, doubleThreshold: 10, deloadPercent: '0.1' },
        },
      ],
      lifts: ['squat'],
      maxes: { squat: '100', curl: '20', press: '40' },
    },
    [
      ['finish squat', 'fixed squat 100 → 101', 'share squat 101 → 103'],
      ['cycle', 'cyclical squat 103 → 106'],
      [
        'log curl 12/8, press 10/5+ 4/5+',
        'double curl 20 → 24',
        'greyskull press SUPERSEDED_BY_DELOAD',
        'greyskull press 40 → 36',
      ],
    ],
  );

  testPlay(
    'replaces nothing of AMRAP, deload and stage rules',
    {
      rules: [
        {
          id: 'amrap',
          type: 'AMRAP_PROGRESSION',
          override: '50',
          lift: 'squat',
          parameters: { thresholds: [{ minReps: 5, increment: '5' }] },
        },
        {
          id: 'deload',
          type: 'DELOAD_ON_FAILURE',
          override: '50',
          lift: 'bench',
          parameters: { failureThreshold: 1, deloadType: 'fixed', deloadAmount: '5' },
        },
        {
          id: 'stage',
          type: 'STAGE_PROGRESSION',
          override: '50',
          lift: 'row',
          parameters: {
            stages: [{ name: '5x5', sets: 5, reps: 5, minVolume: 25 }],
            resetOnExhaustion: true,
            deloadOnReset: true,
            deloadPercent: '0.1',
          },
        },
      ],
      maxes: { squat: '100', bench: '60', row: '50' },
    },
    [
      [
        'log squat 5/5+, bench 4/5, row 4/5',
        'amrap squat 100 → 105',
        'deload bench 60 → 55',
        'stage row 50 → 45 stage 0',
      ],
    ],
  );
});
