/** The lifts of the catalogue's programs. */

export const LIFT_NAMES = {
  squat: 'Squat',
  'bench-press': 'Bench press',
  'overhead-press': 'Overhead press',
  deadlift: 'Deadlift',
  'barbell-row': 'Barbell row',
  'incline-bench-press': 'Incline bench press',
  'power-clean': 'Power clean',
  'lat-pulldown': 'Lat pulldown',
  'seated-row': 'Seated row',
  'biceps-curl': 'Biceps curl',
  'incline-dumbbell-press': 'Incline dumbbell press',
  'triceps-pushdown': 'Triceps pushdown',
  'romanian-deadlift': 'Romanian deadlift',
  'leg-press': 'Leg press',
  'leg-curl': 'Leg curl',
  'calf-raise': 'Calf raise',
  // GZCLP has a separate training max for each tier.
  'squat-t1': 'Squat (T1)',
  'bench-press-t1': 'Bench press (T1)',
  'overhead-press-t1': 'Overhead press (T1)',
  'deadlift-t1': 'Deadlift (T1)',
  'squat-t2': 'Squat (T2)',
  'bench-press-t2': 'Bench press (T2)',
  'overhead-press-t2': 'Overhead press (T2)',
  'deadlift-t2': 'Deadlift (T2)',
  'lat-pulldown-t3': 'Lat pulldown (T3)',
  'dumbbell-row-t3': 'Dumbbell row (T3)',
} as const;

export type CatalogLift = keyof typeof LIFT_NAMES;
