/** Sets become sessions of one program. */
import { expect, test } from 'vitest';
import { groupSessions } from '../../src/training-logs/sessions.ts';
import type { LoggedSet } from '../../src/training-logs/training-log.ts';
import { instantFromText, instantToText } from '../../src/values/instant.ts';

const PROGRAM = {
  unit: 'kg',
  lifts: new Map([
    ['squat', 'squat-id'],
    ['deadlift', 'deadlift-id'],
  ]),
} as const;

function entry(line: number, day: string, exercise: string, rest: Partial<LoggedSet> = {}): LoggedSet {
  const at = instantFromText(`${day}T12:00:00Z`);
  const set = {
    kind: 'WORK',
    setNumber: null,
    mark: null,
    weight: '80',
    unit: null,
    targetReps: null,
    reps: 5,
    rpe: null,
  };
  return { line, at, workout: '', exercise, ...set, ...rest } as LoggedSet;
}

test('sessions are ordered oldest first, each with its sets in the order of the log', () => {
  const { sessions } = groupSessions(
    [
      entry(2, '2024-03-06', 'Squat', { weight: '90' }),
      entry(3, '2024-03-04', 'Squat', { weight: '80' }),
      entry(4, '2024-03-04', 'Deadlift', { weight: '100' }),
    ],
    PROGRAM,
  );

  expect(sessions.map(({ at, sets }) => [instantToText(at).slice(0, 10), sets.map((s) => s.weight)])).toEqual(
    [
      ['2024-03-04', ['80', '100']],
      ['2024-03-06', ['90']],
    ],
  );
});

test('two workouts that began at the same time are two sessions', () => {
  const { sessions } = groupSessions(
    [
      entry(2, '2024-03-04', 'Squat', { workout: 'Morning' }),
      entry(3, '2024-03-04', 'Squat', { workout: 'Evening' }),
    ],
    PROGRAM,
  );

  expect(sessions).toHaveLength(2);
});

test('sets without numbers are counted by lift, and the performed repetitions are the target', () => {
  const { sessions } = groupSessions(
    [
      entry(2, '2024-03-04', 'Squat', { kind: 'WARM_UP', reps: 8 }),
      entry(3, '2024-03-04', 'Deadlift'),
      entry(4, '2024-03-04', 'Squat (Barbell)', { reps: 3 }),
    ],
    PROGRAM,
  );

  expect(sessions[0]?.sets.map((s) => [s.liftId, s.setNumber, s.kind, s.targetReps, s.reps])).toEqual([
    ['squat-id', 1, 'WARM_UP', 8, 8],
    ['deadlift-id', 1, 'WORK', 5, 5],
    ['squat-id', 2, 'WORK', 3, 3],
  ]);
});

test('a target in the log is used', () => {
  const { sessions } = groupSessions([entry(2, '2024-03-04', 'Squat', { targetReps: 5, reps: 3 })], PROGRAM);

  expect(sessions[0]?.sets).toMatchObject([{ targetReps: 5, reps: 3 }]);
});

test('exercises outside of the program are listed, and make no session', () => {
  const { sessions, unused } = groupSessions(
    [
      entry(2, '2024-03-04', 'Plank'),
      entry(3, '2024-03-05', 'Squat', { unit: 'lb' }),
      entry(4, '2024-03-06', 'Squat', { unit: 'kg', setNumber: 1 }),
      entry(5, '2024-03-06', 'squat', { unit: 'kg', setNumber: 1, weight: '85' }),
    ],
    PROGRAM,
  );

  expect(sessions).toHaveLength(1);
  expect(unused).toEqual([
    { line: 2, reason: 'NOT_IN_PROGRAM', detail: 'Plank' },
    { line: 3, reason: 'OTHER_UNIT', detail: 'lb, not kg' },
    { line: 5, reason: 'REPEATED_SET', detail: 'squat, set 1' },
  ]);
});

test('a program without weights accepts any unit', () => {
  const { unused } = groupSessions([entry(2, '2024-03-04', 'Squat', { unit: 'lb' })], {
    ...PROGRAM,
    unit: null,
  });

  expect(unused).toEqual([]);
});

test('a mapping assigns exercises to lifts', () => {
  const mapping = new Map([
    ['kniebeuge', 'squat'],
    ['deadlift', null],
  ]);
  const { sessions, unused } = groupSessions(
    [entry(2, '2024-03-04', 'Kniebeuge'), entry(3, '2024-03-04', 'Deadlift')],
    PROGRAM,
    mapping,
  );

  expect(sessions.map(({ sets }) => sets.map(({ liftId }) => liftId))).toEqual([['squat-id']]);
  expect(unused).toEqual([{ line: 3, reason: 'NOT_IN_PROGRAM', detail: 'Deadlift' }]);
});
