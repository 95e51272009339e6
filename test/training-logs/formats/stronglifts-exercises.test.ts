/** The StrongLifts app's newer export, with an exercise in a row. */
import { expect, test } from 'vitest';
import { briefly, readLines } from '../../support/training-logs.ts';

const HEADER =
  'Date (yyyy/mm/dd),Workout,Workout Name,Program Name,Body Weight (KG),Exercise,Sets×Reps,Notes,Set 1 (Reps),Set 1 (LB),Set 2 (Reps),Set 2 (LB)';

test('each set has its own weight; a set of 0 repetitions is skipped', () => {
  const log = readLines([
    HEADER,
    '2026/05/11,1,"Workout A","Stronglifts 5×5",83.5,"Squat",5/4,"",5,121.3,4,132.5',
    '2026/05/11,2,"Workout B","Stronglifts 5×5",83.5,"Squat",5/-,"",5,45,0,45',
    '2026/05/13,3,"Workout A","Stronglifts 5×5",83.5,"Barbell Row",Skipped,"",,,,',
  ]);

  expect([log.formatName, log.programSlug]).toEqual(['StrongLifts app', 'stronglifts-5x5-lb']);
  expect(log.sets.map(briefly)).toEqual([
    '2 2026-05-11T12:00 Squat WORK 1: 5 x 121.3 lb',
    '2 2026-05-11T12:00 Squat WORK 2: 4 x 132.5 lb',
    '3 2026-05-11T12:00 Squat WORK 1: 5 x 45 lb',
  ]);
  expect(log.sets.map(({ workout }) => workout)).toEqual(['1', '1', '2']);
  expect(log.faults).toEqual([
    { line: 3, reason: 'NO_REPS', detail: 'Squat' },
    { line: 4, reason: 'NO_REPS', detail: 'Barbell Row' },
  ]);
});
