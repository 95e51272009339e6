/** Hevy's exports. */
import { expect, test } from 'vitest';
import { HAS_REAL_LOGS, readRealLog } from '../../support/real-logs.ts';
import { briefly, faultCounts, readBytes, readLines, volumeOf } from '../../support/training-logs.ts';

const HEADER =
  'title,start_time,end_time,description,exercise_title,superset_id,exercise_notes,set_index,set_type,weight_lbs,reps,distance_miles,duration_seconds,rpe';

test.skipIf(!HAS_REAL_LOGS)('a real export, newest first', () => {
  const log = readBytes(readRealLog('exports/hevy-kg.csv'));

  expect([log.formatName, log.programSlug, log.rowCount, log.sets.length]).toEqual(['Hevy', null, 300, 286]);
  expect(faultCounts(log)).toEqual({ NO_WEIGHT: 14 });
  expect(log.faults[0]).toEqual({ line: 2, reason: 'NO_WEIGHT', detail: 'Pull Up' });
  expect(volumeOf(log)).toBe('93366.03');
  expect(log.sets.filter(({ kind }) => kind === 'WARM_UP')).toHaveLength(23);
  expect([log.sets[0], log.sets.at(-1)].map((set) => set && briefly(set))).toEqual([
    '6 2026-04-08T16:50 Straight Arm Lat Pulldown (Cable) WORK 0: 8 x 45 kg',
    '301 2025-11-14T17:41 Seated Cable Row - V Grip (Cable) WARM_UP 0: 15 x 22.68 kg',
  ]);
  expect(log.sets[0]?.workout).toBe('Workout 1');
});

test('in pounds, with the kinds of sets and RPE', () => {
  const row = (index: string, kind: string, rest = '225,5,,,8.5') =>
    `Legs,"18 sept. 2026, 17:31","18 sept. 2026, 18:20",,Squat (Barbell),,,${index},${kind},${rest}`;
  const now = 1_800_000_000_000_000n;
  const log = readLines(
    [
      HEADER,
      row('0', 'warmup'),
      row('1', 'failure'),
      row('2', 'dropset'),
      row('3', 'left'),
      row('x', 'normal'),
    ],
    { now },
  );

  expect(log.sets.map(briefly)).toEqual([
    '2 2026-09-18T17:31 Squat (Barbell) WARM_UP 0: 5 x 225 lb',
    '3 2026-09-18T17:31 Squat (Barbell) WORK 1: 5 x 225 lb',
    '4 2026-09-18T17:31 Squat (Barbell) WORK 2: 5 x 225 lb',
  ]);
  expect(log.sets[0]?.rpe).toBe('8.5');
  expect(log.faults).toEqual([
    { line: 5, reason: 'BAD_SET', detail: '"left"' },
    { line: 6, reason: 'BAD_SET', detail: '"x"' },
  ]);
});
