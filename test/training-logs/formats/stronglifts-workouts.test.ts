/** The StrongLifts app's export with a workout in a row. */
import { describe, expect, test } from 'vitest';
import { TrainingLogError } from '../../../src/training-logs/training-log.ts';
import { HAS_REAL_LOGS, readRealLog } from '../../support/real-logs.ts';
import { briefly, faultCounts, readBytes, readLines, volumeOf } from '../../support/training-logs.ts';

const EXERCISE = 'Weight (KG),Weight (LB),Set 1,Set 2,Set 3,Set 4,Set 5';
const HEADER = `Date,Note,Body Weight (KG),Body Weight (LB),Exercise 1,${EXERCISE},Exercise 2,${EXERCISE},`;

describe.skipIf(!HAS_REAL_LOGS)('a real export', () => {
  test('with the day first', () => {
    const log = readBytes(readRealLog('exports/stronglifts-app-wide-kg.csv'));

    expect([log.formatName, log.programSlug]).toEqual(['StrongLifts app', 'stronglifts-5x5-kg']);
    expect([log.rowCount, log.sets.length, volumeOf(log)]).toEqual([24, 323, '90755']);
    expect(faultCounts(log)).toEqual({ NO_REPS: 4, NO_WEIGHT: 1 });
    expect(log.faults.slice(0, 3)).toEqual([
      { line: 2, reason: 'NO_REPS', detail: 'Deadlift' },
      { line: 11, reason: 'NO_WEIGHT', detail: 'Planks' },
      { line: 13, reason: 'NO_REPS', detail: 'Planks' },
    ]);
    expect(log.sets.slice(9, 12).map(briefly)).toEqual([
      '2 2018-11-19T12:00 Overhead Press WORK 5: 5 x 30 kg',
      '3 2018-11-22T12:00 Squat WORK 1: 5 x 42.5 kg',
      '3 2018-11-22T12:00 Squat WORK 2: 5 x 42.5 kg',
    ]);
  });

  test('with the month first', () => {
    const log = readBytes(readRealLog('exports/stronglifts-app-wide-us-dates.csv'));

    expect([log.rowCount, log.sets.length, volumeOf(log)]).toEqual([46, 643, '135395']);
    expect(faultCounts(log)).toEqual({ NO_WEIGHT: 9, NO_REPS: 4 });
    expect([log.sets[0], log.sets.at(-1)].map((set) => set && briefly(set))).toEqual([
      '2 2018-05-16T12:00 Squat WORK 1: 5 x 20 kg',
      '47 2018-09-24T12:00 Face pulls WORK 3: 15 x 20 kg',
    ]);
  });
});

test('an ambiguous order of days and months needs the caller’s choice', () => {
  const lines = [HEADER, '02/05/17,,,,Squat,50,,5,5,5,5,5', '04/05/17,,,,Squat,52.5,,5,5,5,5,4'];

  expect(() => readLines(lines)).toThrow(TrainingLogError);
  expect(() => readLines(lines)).toThrow(/^the file does not show whether "02\/05\/17" /);
  const days = (['DAY_FIRST', 'MONTH_FIRST'] as const).map((dateOrder) => {
    return readLines(lines, { dateOrder }).sets.map(briefly)[0];
  });
  expect(days).toEqual([
    '2 2017-05-02T12:00 Squat WORK 1: 5 x 50 kg',
    '2 2017-02-05T12:00 Squat WORK 1: 5 x 50 kg',
  ]);
});

test('weights in pounds, a failed set, and an unreadable exercise next to a readable one', () => {
  const log = readLines([
    HEADER,
    '05/16/18,,,,Squat,,132.5,5,5,0,,,Bench Press,,heavy,5,5,5,5,5,',
    '05/18/18,,,,,,,,,,,,Deadlift,,,5,,,,,',
    '05/21/18,,,,,,135,5,,,,,,,,,,,,,',
    'May,,,,Squat,,132.5,5',
  ]);

  expect(log.programSlug).toBe('stronglifts-5x5-lb');
  expect(log.sets.map(briefly)).toEqual([
    '2 2018-05-16T12:00 Squat WORK 1: 5 x 132.5 lb',
    '2 2018-05-16T12:00 Squat WORK 2: 5 x 132.5 lb',
  ]);
  expect(log.faults).toEqual([
    { line: 2, reason: 'NO_REPS', detail: 'Squat' },
    { line: 2, reason: 'BAD_WEIGHT', detail: '"heavy"' },
    { line: 3, reason: 'NO_WEIGHT', detail: 'Deadlift' },
    { line: 4, reason: 'NO_EXERCISE', detail: '""' },
    { line: 5, reason: 'BAD_DATE', detail: '"May"' },
  ]);
});

test('weights in both units need the caller’s choice', () => {
  const lines = [HEADER, '16/05/18,,,,Squat,60,130,5,5,5,5,5'];

  expect(() => readLines(lines)).toThrow('the file has its weights both in kg and in lb');
  expect(readLines(lines, { unit: 'lb' }).sets[0]).toMatchObject({ weight: '130', unit: 'lb' });
});
