/** FitNotes' exports. */
import { expect, test } from 'vitest';
import { TrainingLogError } from '../../../src/training-logs/training-log.ts';
import { HAS_REAL_LOGS, readRealLog } from '../../support/real-logs.ts';
import { briefly, faultCounts, readBytes, readLines, volumeOf } from '../../support/training-logs.ts';

test.skipIf(!HAS_REAL_LOGS)('a real export with the unit in the header', () => {
  const log = readBytes(readRealLog('exports/fitnotes-lbs.csv'));

  expect([log.formatName, log.programSlug, log.rowCount, log.sets.length]).toEqual([
    'FitNotes',
    null,
    436,
    436,
  ]);
  expect(faultCounts(log)).toEqual({});
  expect(volumeOf(log)).toBe('302175');
  expect(log.sets.slice(5, 8).map(briefly)).toEqual([
    '7 2020-09-13T12:00 Barbell Squat WORK: 5 x 135 lb',
    '8 2020-09-13T12:00 Barbell Squat WORK: 7 x 135 lb',
    '9 2020-09-13T12:00 Romanian Deadlift WORK: 12 x 45 lb',
  ]);
});

test('with the unit in each row, with cardio and a machine without a weight', () => {
  const log = readLines([
    'Date,Exercise,Category,Weight,Weight Unit,Reps,Distance,Distance Unit,Time,Comment',
    '2026-05-04,Barbell Squat,Legs,100.0,kgs,5,,,,"felt ""good"""',
    '2026-05-04,Running (Outdoor),Cardio,,,,42.19,km,1:59:30,',
    '2026-05-04,Smith Machine Shoulder Press,Shoulders,0.0,kgs,12,,,,',
    '2026-05-04,Barbell Squat,Legs,100.0,stone,5,,,,',
  ]);

  expect(log.sets.map(briefly)).toEqual(['2 2026-05-04T12:00 Barbell Squat WORK: 5 x 100 kg']);
  expect(log.faults).toEqual([
    { line: 3, reason: 'NO_REPS', detail: 'Running (Outdoor)' },
    { line: 4, reason: 'NO_WEIGHT', detail: 'Smith Machine Shoulder Press' },
    { line: 5, reason: 'BAD_UNIT', detail: '"stone"' },
  ]);
});

test('with a column for each unit', () => {
  const lines = [
    'Date,Exercise,Category,Weight (kg),Weight (lbs),Reps,Distance,Distance Unit,Time,Notes,Kind',
    '2026-05-04,Barbell Squat,Legs,100,,5,,,,,',
    '2026-05-06,Barbell Squat,Legs,102.5,226,5,,,,,',
  ];

  expect(() => readLines(lines)).toThrow(TrainingLogError);
  expect(() => readLines(lines)).toThrow('the file has its weights both in kg and in lb');
  expect(readLines(lines, { unit: 'kg' }).sets.map(({ weight }) => weight)).toEqual(['100', '102.5']);
});
