/** Finds the lift of a program that a log calls by the name of an exercise, by name or by a table of the user. */
import { findColumn, headerName } from './columns.ts';
import { decodeText, readTable } from './read-table.ts';
import { quoted, TrainingLogError } from './training-log.ts';

/** Other names of lifts, as slugs: only of the same movement with a comparable load. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  squat: ['back-squat', 'low-bar-squat', 'high-bar-squat'],
  'bench-press': ['bench', 'flat-bench-press', 'flat-barbell-bench-press'],
  'overhead-press': [
    'press',
    'military-press',
    'strict-military-press',
    'shoulder-press-barbell',
    'barbell-shoulder-press',
  ],
  deadlift: ['conventional-deadlift'],
  'barbell-row': ['bent-over-row', 'bent-over-barbell-row', 'pendlay-row'],
  'incline-bench-press': ['incline-press', 'incline-barbell-bench-press'],
  'power-clean': ['clean'],
  'lat-pulldown': ['lat-pulldown-cable', 'lat-pulldown-machine', 'lat-pulldown-pulley'],
  'seated-row': ['seated-row-cable', 'seated-row-machine', 'seated-cable-row', 'seated-cable-row-pulley'],
  'biceps-curl': ['bicep-curl-dumbbell', 'biceps-curl-dumbbell', 'dumbbell-curl'],
  'incline-dumbbell-press': [
    'incline-bench-press-dumbbell',
    'incline-dumbbell-bench-press',
    'dumbbell-incline-bench-press',
  ],
  'triceps-pushdown': ['triceps-pushdown-cable-straight-bar', 'triceps-pushdown-cable', 'tricep-pushdown'],
  'romanian-deadlift': ['rdl'],
  'leg-curl': ['lying-leg-curl-machine', 'seated-leg-curl-machine', 'lying-leg-curl', 'seated-leg-curl'],
  'calf-raise': ['standing-calf-raise-machine', 'standing-calf-raise'],
  'dumbbell-row-t3': ['bent-over-one-arm-row-dumbbell', 'dumbbell-row'],
  'lat-pulldown-t3': ['lat-pulldown-cable', 'lat-pulldown-machine', 'lat-pulldown-pulley', 'lat-pulldown'],
};

/** The lift of each exercise by a user's table; null: none. The keys are results of `exerciseKey`. */
export type ExerciseMapping = ReadonlyMap<string, string | null>;

const NO_MAPPING: ExerciseMapping = new Map();

/** A key that is equal for all spellings of an exercise that differ in case and spaces. */
export function exerciseKey(exercise: string): string {
  return exercise.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
}

/**
 * The slug of an exercise among the program's lifts; undefined when the program does not train it. The mapping takes
 * precedence. A name without an implement means the barbell: `Squat (Barbell)` and `Barbell
 * Squat` are `squat`, `Squat (Smith Machine)` is not.
 */
export function liftOfExercise(
  exercise: string,
  liftSlugs: Iterable<string>,
  mapping: ExerciseMapping = NO_MAPPING,
): string | undefined {
  const slugs = [...liftSlugs];
  const mapped = mapping.get(exerciseKey(exercise));
  if (mapped !== undefined) {
    return slugs.find((slug) => slug === mapped);
  }
  const name = slugOf(exercise);
  const names = [name, name.replace(/-barbell$/, '').replace(/^barbell-/, '')];
  return (
    slugs.find((slug) => names.includes(slug)) ??
    slugs.find((slug) => OTHER_NAMES[slug]?.some((other) => names.includes(other)))
  );
}

function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

const COLUMNS = ['exercise', 'lift'] as const;

/** Reads a user's table. An empty lift excludes the exercise. Throws TrainingLogError; BAD_MAPPING has the line. */
export function readMapping(bytes: Uint8Array): ExerciseMapping {
  const { columns, rows } = readTable(decodeText(bytes));
  const [exerciseColumn = -1, liftColumn = -1] = COLUMNS.map((name) =>
    findColumn(columns.map(headerName), [name]),
  );
  if (exerciseColumn === -1 || liftColumn === -1) {
    const found = JSON.stringify(columns.join(',').slice(0, 200));
    throw new TrainingLogError('BAD_MAPPING', `its columns are ${found}, not ${COLUMNS.join(',')}`);
  }
  const mapping = new Map<string, string | null>();
  for (const { line, fields } of rows) {
    const exercise = exerciseKey(fields[exerciseColumn] ?? '');
    const lift = fields[liftColumn]?.trim() || null;
    if (exercise === '') {
      throw new TrainingLogError('BAD_MAPPING', `line ${line} names no exercise`);
    }
    if (mapping.has(exercise) && mapping.get(exercise) !== lift) {
      throw new TrainingLogError('BAD_MAPPING', `line ${line} says another lift for ${quoted(exercise)}`);
    }
    mapping.set(exercise, lift);
  }
  return mapping;
}
