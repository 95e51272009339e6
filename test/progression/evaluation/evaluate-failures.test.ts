import { describe, expect, test } from 'vitest';
import type { RuleRow } from '../athlete.ts';
import { createScenario, testPlay } from './scenario.ts';

/** Takes 10 % off at the third failed set in a row by default. */
function deload(id: string, parameters: object = {}, place: Partial<RuleRow> = {}): RuleRow {
  const defaults = { failureThreshold: 3, deloadType: 'percent', deloadPercent: '0.1', resetOnDeload: true };
  return { id, type: 'DELOAD_ON_FAILURE', parameters: { ...defaults, ...parameters }, ...place };
}

const BY_SESSION = { countBy: 'SESSION' };
const NOT_YET = 'FAILURE_THRESHOLD_NOT_MET';

describe('failures by set', () => {
  testPlay(
    'deload at the threshold, and then count from 0',
    { rules: [deload('third')], maxes: { squat: '100' } },
    [
      ['log squat 4/5', `third squat ${NOT_YET}`],
      ['log squat 4/5 0/5', `third squat ${NOT_YET}`, 'third squat 100 → 90'],
      ['log squat 4/5 4/5 4/5', `third squat ${NOT_YET}`, `third squat ${NOT_YET}`, 'third squat 90 → 81'],
    ],
  );

  testPlay(
    'start again after a set that met its target',
    { rules: [deload('third')], maxes: { squat: '100' } },
    [
      ['log squat 4/5 4/5 5/5 4/5 4/5', ...Array(4).fill(`third squat ${NOT_YET}`)],
      ['log squat 4/5', 'third squat 100 → 90'],
    ],
  );

  testPlay('are not interrupted by warm-ups', { rules: [deload('third')], maxes: { squat: '100' } }, [
    ['log squat 4/5 w5/5 4/5', `third squat ${NOT_YET}`, `third squat ${NOT_YET}`],
    ['log squat w0/5'],
    ['log squat w0/5 4/5', 'third squat 100 → 90'],
  ]);

  testPlay(
    'deload every time from the threshold on when the deload does not reset them',
    { rules: [deload('third', { resetOnDeload: false })], maxes: { squat: '100' } },
    [
      ['log squat 4/5 4/5', `third squat ${NOT_YET}`, `third squat ${NOT_YET}`],
      ['log squat 4/5', 'third squat 100 → 90'],
      ['log squat 4/5', 'third squat 90 → 81'],
      ['log squat 5/5'],
      ['log squat 4/5', `third squat ${NOT_YET}`],
    ],
  );

  testPlay(
    'span sessions, and are counted per lift',
    { rules: [deload('third')], maxes: { squat: '100', bench: '60' } },
    [
      ['log squat 4/5, bench 4/5', `third squat ${NOT_YET}`, `third bench ${NOT_YET}`],
      ['finish squat bench'],
      ['log squat 4/5, bench 5/5', `third squat ${NOT_YET}`],
      ['finish squat bench'],
      ['log squat 4/5, bench 4/5', 'third squat 100 → 90', `third bench ${NOT_YET}`],
    ],
  );

  testPlay(
    'are counted by each rule on its own',
    {
      rules: [deload('second', { failureThreshold: 2 }), deload('third', { deloadPercent: '0.5' })],
      maxes: { squat: '100' },
    },
    [
      ['log squat 4/5', `second squat ${NOT_YET}`, `third squat ${NOT_YET}`],
      ['log squat 4/5', 'second squat 100 → 90', `third squat ${NOT_YET}`],
      ['log squat 4/5', `second squat ${NOT_YET}`, 'third squat 90 → 45'],
    ],
  );

  testPlay(
    'keep counting at the floor',
    { rules: [deload('second', { failureThreshold: 2, minValue: '100' })], maxes: { squat: '100' } },
    [['log squat 4/5 4/5 4/5', `second squat ${NOT_YET}`, 'second squat AT_LIMIT', 'second squat AT_LIMIT']],
  );

  test('are not counted by disabled rules', () => {
    const scenario = createScenario({
      rules: [deload('off', {}, { enabled: false })],
      maxes: { squat: '100' },
    });
    expect(scenario.play('log squat 4/5 5/5')).toEqual(['off squat DISABLED']);
    expect(scenario.failures('off', 'squat')).toBeUndefined();
  });

  test('are counted without a max', () => {
    const scenario = createScenario({ rules: [deload('third')], lifts: ['squat'], maxes: {} });
    expect(scenario.play('log squat 4/5 4/5')).toEqual([
      'third squat NO_CURRENT_MAX',
      'third squat NO_CURRENT_MAX',
    ]);
    expect(scenario.failures('third', 'squat')).toBe(2);
  });

  test('are not counted by rules that count by session', () => {
    const scenario = createScenario({ rules: [deload('third', BY_SESSION)], maxes: { squat: '100' } });
    expect(scenario.play('log squat 4/5 5/5')).toEqual([]);
    expect(scenario.failures('third', 'squat')).toBeUndefined();
  });
});

describe('failures by session', () => {
  const second = { ...BY_SESSION, failureThreshold: 2 };

  testPlay(
    'are one for any number of failed sets',
    { rules: [deload('second', second)], maxes: { squat: '100' } },
    [
      ['log squat 4/5 4/5 4/5'],
      ['finish squat', `second squat ${NOT_YET}`],
      ['log squat 4/5 5/5'],
      ['finish squat', 'second squat 100 → 90'],
      ['log squat 4/5'],
      ['finish squat', `second squat ${NOT_YET}`],
    ],
  );

  testPlay(
    'start again after a session without one',
    { rules: [deload('second', second)], maxes: { squat: '100' } },
    [
      ['log squat 4/5'],
      ['finish squat', `second squat ${NOT_YET}`],
      ['log squat 5/5 5/5 w1/5'],
      ['finish squat'],
      ['log squat 4/5'],
      ['finish squat', `second squat ${NOT_YET}`],
    ],
  );

  testPlay(
    'pass over sessions without work sets of the lift',
    { rules: [deload('second', second)], maxes: { squat: '100' } },
    [
      ['log squat 4/5'],
      ['finish squat', `second squat ${NOT_YET}`],
      ['finish squat'],
      ['log squat w5/5, bench 5/5'],
      ['finish squat bench'],
      ['log squat 5/5'],
      ['finish bench'],
      ['log squat 4/5'],
      ['finish squat', 'second squat 100 → 90'],
    ],
  );

  testPlay(
    'look at all calls of the session',
    { rules: [deload('first', { ...second, failureThreshold: 1 })], maxes: { squat: '100' } },
    [['log squat 4/5'], ['log squat 5/5'], ['finish squat', 'first squat 100 → 90']],
  );
});
