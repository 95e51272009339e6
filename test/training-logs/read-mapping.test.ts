/** A person's table of exercises and lifts. */
import { expect, test } from 'vitest';
import { liftOfExercise } from '../../src/training-logs/lift-names.ts';
import { readMapping } from '../../src/training-logs/read-mapping.ts';

const read = (...lines: string[]) => readMapping(Buffer.from(lines.join('\n')));

test('says which exercise is which lift, before the names that are known', () => {
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

test('the same line twice is no contradiction', () => {
  expect(read('exercise,lift', 'Squat,squat', 'squat,squat').size).toBe(1);
});
