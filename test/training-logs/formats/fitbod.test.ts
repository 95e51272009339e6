/** Fitbod's exports. */
import { expect, test } from 'vitest';
import { HAS_REAL_LOGS, readRealLog } from '../../support/real-logs.ts';
import { briefly, faultCounts, readBytes, readLines, volumeOf } from '../../support/training-logs.ts';

test.skipIf(!HAS_REAL_LOGS)('a real export of an athlete who trains in pounds is in kg', () => {
  const log = readBytes(readRealLog('exports/fitbod.csv'));

  expect([log.formatName, log.programSlug, log.rowCount, log.sets.length]).toEqual([
    'Fitbod',
    null,
    200,
    158,
  ]);
  expect(faultCounts(log)).toEqual({ NO_WEIGHT: 42 });
  expect(log.faults[0]).toEqual({ line: 2, reason: 'NO_WEIGHT', detail: 'Chin Up' });
  expect(volumeOf(log)).toBe('35700.937107');
  expect(log.sets.filter(({ kind }) => kind === 'WARM_UP')).toHaveLength(8);
  expect(log.sets.slice(0, 1).map(briefly)).toEqual([
    '5 2019-02-13T12:00 Biceps Curl To Shoulder Press WORK: 13 x 6.803894 kg',
  ]);
});

test('with times, zones and the newer columns', () => {
  const row = (rest: string) => `2026-01-22 06:00:00 +0000,Deadlift,${rest}`;
  const log = readLines([
    'Date,Exercise,Reps,Weight(kg),Duration(s),Distance(m),Incline,Resistance,isWarmup,Note,multiplier',
    row('5,61.23504277,0.0,0.0,,,true,,1'),
    row('5,102.0582,0.0,0.0,,,false,,1'),
    row('0,0.0,600,1500,,,false,,0'),
    row('5,102.0582,0.0,0.0,,,maybe,,1'),
  ]);

  expect(log.sets.map(briefly)).toEqual([
    '2 2026-01-22T06:00 Deadlift WARM_UP: 5 x 61.235043 kg',
    '3 2026-01-22T06:00 Deadlift WORK: 5 x 102.0582 kg',
  ]);
  expect(log.faults).toEqual([
    { line: 4, reason: 'NO_REPS', detail: 'Deadlift' },
    { line: 5, reason: 'BAD_SET', detail: '"maybe"' },
  ]);
});

test('a row that means several sets is refused, because their repetitions are unknown', () => {
  const log = readLines(['Date,Exercise,Sets,Reps,Weight,isWarmup,Note', '2019-02-13,Deadlift,3,5,100,,']);

  expect(log.faults).toEqual([{ line: 2, reason: 'BAD_SET', detail: '3 sets in one row' }]);
});
