/** Training logs in all the shapes that apps, spreadsheets and people give them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTrainingLog } from '../../src/training-logs/read-training-log.ts';
import {
  type LoggedSet,
  type RowFaultReason,
  type TrainingLog,
  TrainingLogError,
} from '../../src/training-logs/training-log.ts';
import { instantToText } from '../../src/values/instant.ts';
import { NOW, readBytes, readLines } from '../support/training-logs.ts';

const STRONGLIFTS_HEADER = 'date,lift,set_number,weight_lb,target_reps,reps_performed';
const STRONG_HEADER = 'Date,Workout Name,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,RPE';

const readText = (...lines: string[]): TrainingLog => readLines(lines);

function readFixture(name: string): TrainingLog {
  return readBytes(readFileSync(join(import.meta.dirname, '..', 'tools', 'fixtures', name)));
}

function brief({ line, exercise, kind, weight, unit, reps, targetReps, rpe }: LoggedSet) {
  return [line, exercise, kind, weight, unit, targetReps, reps, rpe];
}

describe('a StrongLifts log', () => {
  test('has the number, the target and the performance of every set', () => {
    const log = readText(STRONGLIFTS_HEADER, '2021-01-01,squat,1,110,5,5', '2021-01-01,squat,2,112.50,5,0');

    expect(log).toMatchObject({ formatName: 'StrongLifts', programSlug: 'stronglifts-5x5-lb', rowCount: 2 });
    expect(log.faults).toEqual([]);
    expect(log.sets.map(brief)).toEqual([
      [2, 'squat', 'WORK', '110', 'lb', 5, 5, null],
      [3, 'squat', 'WORK', '112.5', 'lb', 5, 0, null],
    ]);
    expect(log.sets.map(({ setNumber }) => setNumber)).toEqual([1, 2]);
    expect(log.sets.map(({ at }) => instantToText(at))).toEqual([
      '2021-01-01T12:00:00.000000Z',
      '2021-01-01T12:00:00.000000Z',
    ]);
  });

  test('is recognised by its columns, in any order', () => {
    const log = readText(
      'reps_performed,Lift,DATE,weight_lb, set_number ,target_reps,mood',
      '3,squat,2021-01-01,110,1,5,good',
    );

    expect(log.sets.map(brief)).toEqual([[2, 'squat', 'WORK', '110', 'lb', 5, 3, null]]);
  });
});

describe('an export of the Strong app', () => {
  test('without duration and RPE', () => {
    const log = readFixture('strong-without-duration.csv');

    expect(log).toMatchObject({ formatName: 'Strong', programSlug: null, rowCount: 6 });
    expect(log.sets.map(brief)).toEqual([
      [2, 'Squat (Barbell)', 'WORK', '80', null, null, 5, null],
      [3, 'Squat (Barbell)', 'WORK', '80', null, null, 5, null],
      [4, 'Bench Press (Barbell)', 'WORK', '60', null, null, 5, null],
      [6, 'Squat (Barbell)', 'WORK', '82.5', null, null, 5, null],
      [7, 'Deadlift (Barbell)', 'WORK', '100', null, null, 5, null],
    ]);
    expect(log.faults).toEqual([{ line: 5, reason: 'NO_REPS', detail: 'Plank' }]);
    expect(instantToText(log.sets.at(-1)?.at ?? 0n)).toBe('2024-03-06T07:15:30.000000Z');
  });

  test('with duration and RPE: warm-ups, drop sets, sets to failure, rest timers, notes of several lines', () => {
    const log = readFixture('strong-with-duration-and-rpe.csv');

    expect(log.rowCount).toBe(6);
    expect(log.sets.map(brief)).toEqual([
      [2, 'Squat (Barbell)', 'WARM_UP', '40', null, null, 5, null],
      [3, 'Squat (Barbell)', 'WORK', '80', null, null, 5, '8'],
      [5, 'Squat (Barbell)', 'WORK', '70', null, null, 6, '8.5'],
      [6, 'Bench Press (Barbell)', 'WORK', '60', null, null, 5, '10'],
    ]);
    expect(log.faults).toEqual([
      { line: 4, reason: 'REST_TIMER', detail: 'Squat (Barbell)' },
      { line: 8, reason: 'NOTE', detail: 'Bench Press (Barbell)' },
    ]);
  });

  test('with semicolons, decimal commas and a unit in each row', () => {
    const log = readFixture('strong-semicolons.csv');

    expect(log.sets.map(brief)).toEqual([
      [2, 'Squat (Barbell)', 'WORK', '102.5', 'kg', null, 5, '8.5'],
      [3, 'Squat (Barbell)', 'WORK', '226', 'lb', null, 5, null],
    ]);
    expect(log.faults).toEqual([{ line: 4, reason: 'NO_WEIGHT', detail: 'Pull Up' }]);
  });

  test('with the unit in the header', () => {
    const log = readText(
      'Date,Exercise Name,Set Order,Weight (lbs),Reps',
      '2024-03-04 18:00:00,Squat,1,225,5',
    );

    expect(log.sets.map(brief)).toEqual([[2, 'Squat', 'WORK', '225', 'lb', null, 5, null]]);
  });

  test('rounds the long fractions of converted units to the service’s precision', () => {
    const log = readText(STRONG_HEADER, '2024-03-04,A,Squat,1,49.89516074999999,5,0,0,,');

    expect(log.sets.map(({ weight }) => weight)).toEqual(['49.895161']);
  });
});

describe('a file of any origin', () => {
  test('may have a byte order mark, Windows line ends, blank lines and quotes inside of fields', () => {
    const text = `\uFEFF${STRONG_HEADER}\r\n\r\n2024-03-04,"A ""B""",Squat,1,80,5,0,0,"one\r\ntwo",\r\n2024-03-04,C,6" Deadlift,1,90,5,0,0,,\r\n`;
    const log = readText(text);

    expect(log.rowCount).toBe(2);
    expect(log.sets.map(({ line, workout, exercise }) => [line, workout, exercise])).toEqual([
      [3, 'A "B"', 'Squat'],
      [5, 'C', '6" Deadlift'],
    ]);
  });

  test.each([
    ['2024-02-29', '2024-02-29T12:00:00'],
    ['2024-03-04 18:00:00', '2024-03-04T18:00:00'],
    ['2024-03-04 18:05', '2024-03-04T18:05:00'],
    ['2024-03-04T18:00:00.123Z', '2024-03-04T18:00:00'],
    ['2024-03-04 6:05:09\u202fPM', '2024-03-04T18:05:09'],
    ['2024-03-04 12:00:00 am', '2024-03-04T00:00:00'],
    ['2024-03-04 12:30 pm', '2024-03-04T12:30:00'],
  ])('the date %s is %s', (text, at) => {
    const log = readText(STRONG_HEADER, `${text},A,Squat,1,80,5,0,0,,`);

    expect(log.faults).toEqual([]);
    expect(log.sets.map(({ at }) => instantToText(at))).toEqual([`${at}.000000Z`]);
  });

  test.each<[string, RowFaultReason, string]>([
    ['2023-02-29,A,Squat,1,80,5,0,0,,', 'BAD_DATE', '"2023-02-29"'],
    ['2024-03-04 24:00:00,A,Squat,1,80,5,0,0,,', 'BAD_DATE', '"2024-03-04 24:00:00"'],
    ['2024-03-04 13:00 pm,A,Squat,1,80,5,0,0,,', 'BAD_DATE', '"2024-03-04 13:00 pm"'],
    ['13/13/2024,A,Squat,1,80,5,0,0,,', 'BAD_DATE', '"13/13/2024"'],
    [',A,Squat,1,80,5,0,0,,', 'BAD_DATE', '""'],
    ['2026-06-02,A,Squat,1,80,5,0,0,,', 'FUTURE', '"2026-06-02"'],
    ['2024-03-04,A,,1,80,5,0,0,,', 'NO_EXERCISE', '""'],
    ['2024-03-04,A,Squat,X,80,5,0,0,,', 'BAD_SET', '"X"'],
    ['2024-03-04,A,Squat,0,80,5,0,0,,', 'BAD_SET', '"0"'],
    ['2024-03-04,A,Squat,1,heavy,5,0,0,,', 'BAD_WEIGHT', '"heavy"'],
    ['2024-03-04,A,Squat,1,-20,5,0,0,,', 'BAD_WEIGHT', '"-20"'],
    ['2024-03-04,A,Squat,1,1e3,5,0,0,,', 'BAD_WEIGHT', '"1e3"'],
    ['2024-03-04,A,Squat,1,"1,000",5,0,0,,', 'AMBIGUOUS_WEIGHT', '"1,000"'],
    ['2024-03-04,A,Squat,1,1000000000000,5,0,0,,', 'BAD_WEIGHT', '"1000000000000"'],
    ['2024-03-04,A,Squat,1,80,5.5,0,0,,', 'BAD_REPS', '"5.5"'],
    ['2024-03-04,A,Squat,1,80,1001,0,0,,', 'BAD_REPS', '"1001"'],
    ['2024-03-04,A,Squat,1,80,-5,0,0,,', 'BAD_REPS', '"-5"'],
    ['2024-03-04,A,Running,1,0,0,5000,1500,,', 'NO_REPS', 'Running'],
    ['2024-03-04,A,Squat,1,,5,0,0,,', 'NO_WEIGHT', 'Squat'],
    ['2024-03-04,A,Squat,1,80,5,0,0,,11', 'BAD_RPE', '"11"'],
    ['2024-03-04,A,Squat,1,80,5,0,0,,8.25', 'BAD_RPE', '"8.25"'],
    ['2024-03-04,A,Squat,1,80,5', 'FIELD_COUNT', '6 in place of 10'],
    ['2024-03-04,A,Squat,1,80,5,0,0,one, two, three', 'FIELD_COUNT', '11 in place of 10'],
    ['not a row at all', 'FIELD_COUNT', '1 in place of 10'],
  ])('the row %s is not used, and the others are', (row, reason, detail) => {
    const good = '2024-03-04,A,Squat,1,80,5,0,0,,';
    const log = readText(STRONG_HEADER, good, row, '2024-03-04,A,Squat,2,80,5,0,0,,');

    expect(log.rowCount).toBe(3);
    expect(log.sets.map(({ line }) => line)).toEqual([2, 4]);
    expect(log.faults).toEqual([{ line: 3, reason, detail }]);
  });

  test('is read row by row, on demand', () => {
    const text = [STRONG_HEADER, '2024-03-04,A,Squat,1,80,5,0,0,,', '2024-03-04,A,Squat,X,80,5,0,0,,'].join(
      '\n',
    );
    const { format, rowCount, rows } = openTrainingLog(Buffer.from(text), { now: NOW });
    const reading = rows();

    expect([format.name, rowCount]).toEqual(['Strong', 2]);
    expect(reading.next().value).toMatchObject({ line: 2, sets: [{ line: 2, reps: 5 }], faults: [] });
    expect(reading.next().value).toMatchObject({ line: 3, sets: [], faults: [{ reason: 'BAD_SET' }] });
    expect(reading.next().done).toBe(true);
  });

  test('rows that a spreadsheet filled up with empty fields are read, and empty rows are skipped', () => {
    const log = readText(`${STRONG_HEADER},,`, '2024-03-04,A,Squat,1,80,5,0,0,,,,,', ',,,,,,,,,,,', '');

    expect([log.rowCount, log.sets.length, log.faults]).toEqual([1, 1, []]);
  });

  test('shows only the beginning of a long text that it cannot read', () => {
    const log = readText(STRONG_HEADER, `2024-03-04,A,Squat,1,${'9'.repeat(100_000)},5,0,0,,`);

    expect(log.faults[0]?.detail).toBe(`"${'9'.repeat(39)}…"`);
  });

  test.each([
    ['', 'the file is empty'],
    ['\n\n', 'the file is empty'],
    [
      'title,weight_kg\nSquat,80',
      /columns are "title,weight_kg"; known are StrongLifts \(date, lift, set_number, weight_lb, .*; Strong \(/,
    ],
    ['\u001b[31m\u0001\u0002', /columns are "\\u001b\[31m/],
    ['date\u0000', /^the file is no text in UTF-8, /],
    [`${STRONG_HEADER}\n2024-03-04,"A`, /^the file is no table: Quote Not Closed/],
  ])('%j is refused in one line', (text, message) => {
    const read = () => readText(text);

    expect(read).toThrow(TrainingLogError);
    expect(read).toThrow(message);
  });
});
