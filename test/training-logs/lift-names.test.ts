/** Which exercise is which lift. */
import { expect, test } from 'vitest';
import { liftOfExercise } from '../../src/training-logs/lift-names.ts';

const LIFTS = ['squat', 'bench-press', 'overhead-press', 'barbell-row', 'leg-curl', 'incline-dumbbell-press'];

test.each([
  ['squat', 'squat'],
  ['Squat (Barbell)', 'squat'],
  ['  BENCH press ', 'bench-press'],
  ['Bench Press (Barbell)', 'bench-press'],
  ['Strict Military Press (Barbell)', 'overhead-press'],
  ['Bent Over Row (Barbell)', 'barbell-row'],
  ['Pendlay Row (Barbell)', 'barbell-row'],
  ['Lying Leg Curl (Machine)', 'leg-curl'],
  ['Incline Bench Press (Dumbbell)', 'incline-dumbbell-press'],
])('%s is %s', (exercise, slug) => {
  expect(liftOfExercise(exercise, LIFTS)).toBe(slug);
});

test.each([
  'Squat (Smith Machine)',
  'Front Squat (Barbell)',
  'Bench Press (Dumbbell)',
  'Bench Press - Close Grip (Barbell)',
  'Deadlift (Barbell)',
  'Жим лёжа',
  '()',
])('%s is none of the lifts', (exercise) => {
  expect(liftOfExercise(exercise, LIFTS)).toBeUndefined();
});

test('a lift that the program has under the exercise’s own name comes before any other', () => {
  expect(liftOfExercise('Pendlay Row (Barbell)', ['barbell-row', 'pendlay-row'])).toBe('pendlay-row');
});
