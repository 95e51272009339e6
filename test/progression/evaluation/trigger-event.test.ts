import { describe, expect, test } from 'vitest';
import {
  eventTriggerKey,
  isFailedSet,
  isWorkSet,
  setTriggerKey,
} from '../../../src/progression/evaluation/trigger-event.ts';

describe('the key of an event is', () => {
  test.each([
    [
      'its session',
      { type: 'SESSION_COMPLETED', sessionId: 's', daySlug: 'a', weekNumber: 3, liftsPerformed: [] },
      'session:s',
    ],
    [
      'the week left, its cycle and the enrollment',
      { type: 'WEEK_ADVANCED', previousWeek: 4, newWeek: 1, cycleIteration: 2 },
      'week:e:2:4',
    ],
    [
      'the completed cycle and the enrollment',
      { type: 'CYCLE_COMPLETED', completedCycle: 2, newCycle: 3, totalWeeks: 4 },
      'cycle:e:2',
    ],
    ['its sets', { type: 'SETS_LOGGED', sessionId: 's', sets: [] }, null],
    [
      'its request',
      {
        type: 'MANUAL',
        progressionId: 'p',
        liftId: null,
        force: true,
        reason: '',
        actor: '',
        requestId: 'r',
      },
      null,
    ],
  ] as const)('%s', (_what, detail, key) => {
    expect(eventTriggerKey(detail, 'e')).toBe(key);
  });

  test('for a set, its session, lift and number', () => {
    expect(setTriggerKey('s', { liftId: 'squat', setNumber: 3 })).toBe('set:s:squat:3');
  });
});

test.each([
  ['WORK', 5, 4, true, true],
  ['WORK', 5, 5, true, false],
  ['WORK', 5, 6, true, false],
  ['WORK', 0, 0, true, false],
  ['AMRAP', 5, 4, true, true],
  ['AMRAP', 5, 5, true, false],
  ['WARM_UP', 5, 0, false, false],
] as const)(
  'a %s set of %d with %d performed is a work set: %s, failed: %s',
  (kind, targetReps, repsPerformed, isWork, isFailed) => {
    const set = { kind, targetReps, repsPerformed };
    expect([isWorkSet(set), isFailedSet(set)]).toEqual([isWork, isFailed]);
  },
);
