import { describe } from 'vitest';
import type { RuleRow } from '../athlete.ts';
import { testPlay } from './scenario.ts';

/** Adds after a week or cycle in which every work set of the lift met its target. */
function onSuccess(id: string, triggerType: string, increment = '5'): RuleRow {
  if (triggerType === 'AFTER_CYCLE') {
    return { id, type: 'CYCLE_PROGRESSION', parameters: { increment, requireSuccess: true } };
  }
  return { id, type: 'LINEAR_PROGRESSION', parameters: { triggerType, increment, requireSuccess: true } };
}

describe('required success', () => {
  testPlay(
    'is that of the session and the lift',
    { rules: [onSuccess('daily', 'AFTER_SESSION')], maxes: { squat: '100', bench: '60' } },
    [
      ['log squat 5/5 4/5 5/5, bench 5/5 6/5'],
      ['finish squat bench', 'daily squat TARGET_MISSED', 'daily bench 60 → 65'],
      ['log squat 5/5 5/5'],
      ['finish squat', 'daily squat 100 → 105', 'daily bench LIFT_NOT_PERFORMED'],
    ],
  );

  testPlay(
    'is given by a session without sets',
    { rules: [onSuccess('daily', 'AFTER_SESSION')], maxes: { squat: '100' } },
    [
      ['log squat 4/5'],
      ['finish squat', 'daily squat TARGET_MISSED'],
      ['finish squat', 'daily squat 100 → 105'],
    ],
  );

  testPlay(
    'does not look at warm-ups',
    { rules: [onSuccess('daily', 'AFTER_SESSION')], maxes: { squat: '100' } },
    [['log squat w0/5 5/5 w3/5'], ['finish squat', 'daily squat 100 → 105']],
  );

  testPlay('looks at AMRAP sets', { rules: [onSuccess('daily', 'AFTER_SESSION')], maxes: { squat: '100' } }, [
    ['log squat 5/5 4/5+'],
    ['finish squat', 'daily squat TARGET_MISSED'],
  ]);

  testPlay(
    'looks at all calls of the session',
    { rules: [onSuccess('daily', 'AFTER_SESSION')], maxes: { squat: '100' } },
    [['log squat 4/5'], ['log squat 5/5'], ['finish squat', 'daily squat TARGET_MISSED']],
  );

  testPlay(
    'is that since the previous week, and since the previous cycle',
    {
      rules: [onSuccess('weekly', 'AFTER_WEEK'), onSuccess('cyclical', 'AFTER_CYCLE')],
      maxes: { squat: '100', bench: '60' },
    },
    [
      ['log squat 4/5, bench 5/5'],
      ['finish squat bench'],
      ['log squat 5/5'],
      ['week', 'weekly squat TARGET_MISSED', 'weekly bench 60 → 65'],
      ['week', 'weekly squat 100 → 105', 'weekly bench 65 → 70'],
      ['cycle', 'cyclical squat TARGET_MISSED', 'cyclical bench 70 → 75'],
      ['cycle', 'cyclical squat 105 → 110', 'cyclical bench 75 → 80'],
    ],
  );
});
