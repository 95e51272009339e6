/** Reads a person's table of exercises and the lifts that they are: columns `exercise` and `lift`. */
import { findColumn, headerName } from './columns.ts';
import { decodeText } from './decode-text.ts';
import { type ExerciseMapping, exerciseKey } from './lift-names.ts';
import { readTable } from './read-table.ts';
import { quoted, TrainingLogError } from './training-log.ts';

const COLUMNS = ['exercise', 'lift'] as const;

/** An empty lift leaves the exercise out. Throws TrainingLogError; BAD_MAPPING names the line. */
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
