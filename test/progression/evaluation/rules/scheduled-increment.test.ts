/** What linear and cycle progressions have in common: both run through the same table. */
import { describe } from 'vitest';
import { testRefused, testRule } from './rule-case.ts';

const SCHEDULED = [
  ['LINEAR_PROGRESSION', { maxType: 'TRAINING_MAX', triggerType: 'AFTER_SESSION' }],
  ['LINEAR_PROGRESSION', { maxType: 'ONE_RM', triggerType: 'AFTER_WEEK' }],
  ['CYCLE_PROGRESSION', { maxType: 'ESTIMATED_ONE_RM' }],
] as const;

describe.each(SCHEDULED)('%s %o', (type, base) => {
  testRule(type, base, [
    ['adds the increment', { increment: '5' }, { at: '200' }, '205'],
    ['adds what binary fractions cannot hold', { increment: '0.2' }, { at: '0.1' }, '0.3'],
    [
      'adds to the last digit',
      { increment: '0.000001' },
      { at: '999999999999.999998' },
      '999999999999.999999',
    ],
    ['adds past twelve digits', { increment: '1' }, { at: '999999999999.999999' }, '1000000000000.999999'],
    ['does not round a fixed increment', { increment: '1', roundTo: '5' }, { at: '201.25' }, '202.25'],
    ['adds a share', { incrementPercent: '0.025' }, { at: '200' }, '205'],
    ['adds the whole as a share', { incrementPercent: '1' }, { at: '102.5' }, '205'],
    ['rounds a share to the step', { incrementPercent: '0.025', roundTo: '5' }, { at: '275' }, '280'],
    [
      'rounds a share down',
      { incrementPercent: '0.025', roundTo: '5', rounding: 'DOWN' },
      { at: '270' },
      '275',
    ],
    ['rounds a share up', { incrementPercent: '0.01', roundTo: '5', rounding: 'UP' }, { at: '200' }, '205'],
    ['prefers the override', { increment: '5' }, { at: '200', override: '2.5' }, '202.5'],
    ['prefers the override to a share', { incrementPercent: '0.1' }, { at: '200', override: '2.5' }, '202.5'],
    [
      'does not round an override',
      { incrementPercent: '0.1', roundTo: '5' },
      { at: '200', override: '1' },
      '201',
    ],
    ['adds on a miss when success is not required', { increment: '5' }, { at: '200', missed: true }, '205'],
    ['adds on success when it is required', { increment: '5', requireSuccess: true }, { at: '200' }, '205'],
    [
      'holds on a miss when success is required',
      { increment: '5', requireSuccess: true },
      { at: '200', missed: true },
      'TARGET_MISSED',
    ],
    [
      'adds on a miss when a person asks',
      { increment: '5', requireSuccess: true },
      { at: '200', missed: true, by: 'MANUAL' },
      '205',
    ],
    ['stops at the ceiling', { increment: '5', maxValue: '203' }, { at: '200' }, '203'],
    ['reaches the ceiling', { increment: '5', maxValue: '205' }, { at: '200' }, '205'],
    ['says so at the ceiling', { increment: '5', maxValue: '200' }, { at: '200' }, 'AT_LIMIT'],
    ['comes down to a ceiling set below', { increment: '5', maxValue: '190' }, { at: '200' }, '190'],
    ['comes up to a floor set above', { increment: '5', minValue: '20' }, { at: '10' }, '20'],
    [
      'stops an override at the ceiling',
      { increment: '1', maxValue: '202' },
      { at: '200', override: '5' },
      '202',
    ],
    ['stops a share at the ceiling', { incrementPercent: '0.1', maxValue: '203' }, { at: '200' }, '203'],
    [
      'applies a share that rounds to nothing',
      { incrementPercent: '0.01', roundTo: '5' },
      { at: '200' },
      '200',
    ],
  ]);

  testRefused(type, base, [
    ['no increment', {}, ['increment']],
    ['both increments', { increment: '5', incrementPercent: '0.1' }, ['increment']],
    ['an increment of 0', { increment: '0' }, ['increment']],
    ['a negative increment', { increment: '-5' }, ['increment']],
    ['an increment as a number', { increment: 5 }, ['increment']],
    ['a share of 0', { incrementPercent: '0' }, ['incrementPercent']],
    ['a negative share', { incrementPercent: '-0.1' }, ['incrementPercent']],
    ['a share above 1', { incrementPercent: '1.000001' }, ['incrementPercent']],
    ['a requirement that is no truth value', { increment: '5', requireSuccess: 'true' }, ['requireSuccess']],
    ['a step of 0', { increment: '5', roundTo: '0' }, ['roundTo']],
    ['an unknown max type', { increment: '5', maxType: 'TEN_RM' }, ['maxType']],
    ['no max type', { increment: '5', maxType: undefined }, ['maxType']],
    ['a list', [], ['']],
    [
      'everything that is wrong, at once',
      {
        maxType: 1,
        increment: '0',
        requireSuccess: 1,
        roundTo: '-1',
        rounding: 'up',
        minValue: '-1',
        maxValue: 'x',
      },
      ['maxType', 'increment', 'requireSuccess', 'minValue', 'maxValue', 'roundTo', 'rounding'],
    ],
  ]);
});
