/** Which exercise is which lift, by name and by a user's table. */
import { expect, test } from 'vitest';
import { liftOfExercise, readMapping } from '../../src/training-logs/lift-names.ts';

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

test('a lift with the exercise’s own name takes precedence', () => {
  expect(liftOfExercise('Pendlay Row (Barbell)', ['barbell-row', 'pendlay-row'])).toBe('pendlay-row');
});

const read = (...lines: string[]) => readMapping(Buffer.from(lines.join('\n')));

test('a mapping takes precedence over known names', () => {
  const mapping = read(
    'Exercise;Lift;why',
    'Жим лёжа;bench-press;',
    '  Front  Squat ;squat;',
    'Bench Press;;',
    '',
  );
  const lifts = ['squat', 'bench-press'];

  expect(liftOfExercise('жим ЛЁЖА', lifts, mapping)).toBe('bench-press');
  expect(liftOfExercise('Front Squat', lifts, mapping)).toBe('squat');
  expect(liftOfExercise('Bench Press', lifts, mapping)).toBeUndefined();
  expect(liftOfExercise('Bench Press (Barbell)', lifts, mapping)).toBe('bench-press');
});

test.each([
  [['name,lift', 'Squat,squat'], 'its columns are "name,lift", not exercise,lift'],
  [['exercise,lift', 'Squat,squat', ',deadlift'], 'line 3 names no exercise'],
  [['exercise,lift', 'Squat,squat', 'SQUAT,front-squat'], 'line 3 says another lift for "squat"'],
  [[''], 'the file is empty'],
])('%j is refused', (lines, message) => {
  expect(() => read(...lines)).toThrow(message);
});

test('a repeated line is not a contradiction', () => {
  expect(read('exercise,lift', 'Squat,squat', 'squat,squat').size).toBe(1);
});
