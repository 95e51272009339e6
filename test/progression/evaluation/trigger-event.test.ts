import { Decimal } from 'decimal.js';
import { describe, expect, test } from 'vitest';
import {
  eventTriggerKey,
  isFailedSet,
  isWorkSet,
  type PerformedSet,
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
  ['SUPPLEMENTAL', 10, 4, false, false],
] as const)(
  'a %s set of %d with %d performed is a work set: %s, failed: %s',
  (kind, targetReps, repsPerformed, isWork, isFailed) => {
    const set = setOf({ kind, targetReps, repsPerformed });
    expect([isWorkSet(set), isFailedSet(set)]).toEqual([isWork, isFailed]);
  },
);

test.each([
  ['WORK', '100', null, false],
  ['WORK', '100', '100', false],
  ['WORK', '102.5', '100', false],
  ['WORK', '99.999999', '100', true],
  ['AMRAP', '97.5', '100', true],
  ['SUPPLEMENTAL', '97.5', '100', false],
  ['WARM_UP', '97.5', '100', false],
] as const)(
  'a %s set at %s of %s planned, with all repetitions, failed: %s',
  (kind, weight, planned, isFailed) => {
    const targetWeight = planned === null ? null : new Decimal(planned);
    expect(isFailedSet(setOf({ kind, weight: new Decimal(weight), targetWeight }))).toBe(isFailed);
  },
);

function setOf(set: Partial<PerformedSet>): PerformedSet {
  const performed = {
    kind: 'WORK',
    weight: new Decimal(100),
    targetWeight: null,
    targetReps: 5,
    repsPerformed: 5,
  };
  return { id: 'set', liftId: 'squat', setNumber: 1, performedAt: 0n, ...performed, ...set } as PerformedSet;
}
