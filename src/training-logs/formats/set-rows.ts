/** Formats with one set per row: they differ in the names of their columns and in the marks of sets. */
import { findColumn, findWeightColumns, requireExercise } from '../columns.ts';
import { readDate } from '../read-date.ts';
import { chooseWeight, decideUnit, readReps, readRpe, readUnit, readWeight } from '../read-number.ts';
import type { LoggedSet, WeightUnit } from '../training-log.ts';
import type { FileFacts, LogFormat, RowReader, SetReading } from './log-format.ts';

/** A row's cell by the field of its column, trimmed; '' when the file has no such column. */
export type Cells = (field: string) => string;

/**
 * The fields of every format; the names of a field's column in lower case, the usual one first; weights in any unit.
 */
interface SetFields {
  readonly date: readonly string[];
  readonly exercise: readonly string[];
  readonly weight: readonly string[];
  readonly reps: readonly string[];
  readonly [field: string]: readonly string[];
}

interface SetRowsFormat {
  readonly name: string;
  readonly program?: string;
  readonly fields: SetFields;
  /** The optional fields. */
  readonly optional: readonly string[];
  /** The unit, when the app always exports one unit. */
  readonly unit?: WeightUnit;
  /** The mark of the row's set. Throws UnreadableRow for rows without a set, such as rest timers. */
  readMark(cells: Cells, exercise: string): Pick<LoggedSet, 'kind' | 'mark' | 'setNumber'>;
  /** The target, for formats in which 0 repetitions are a set; without it there is no target, and 0 is not a set. */
  readReps?(cells: Cells): Pick<LoggedSet, 'targetReps' | 'reps'>;
}

export function setRowsFormat(format: SetRowsFormat): LogFormat {
  const required = Object.keys(format.fields).filter((field) => !format.optional.includes(field));
  return {
    name: format.name,
    columns: required.map((field) => format.fields[field]?.[0] ?? field),
    ...(format.program === undefined ? {} : { program: format.program }),
    match(columns) {
      const weights = findWeightColumns(columns, format.fields.weight);
      const indexes = new Map(
        Object.entries(format.fields).map(([field, names]) => [
          field,
          field === 'weight' ? (weights[0]?.index ?? -1) : findColumn(columns, names),
        ]),
      );
      return required.some((field) => indexes.get(field) === -1)
        ? undefined
        : createReader(format, indexes, weights);
    },
  };
}

function createReader(
  format: SetRowsFormat,
  indexes: ReadonlyMap<string, number>,
  weights: ReturnType<typeof findWeightColumns>,
): RowReader {
  function readSet(fields: readonly string[], facts: FileFacts): SetReading {
    const cells: Cells = (field) => fields[indexes.get(field) ?? -1] ?? '';
    const exercise = requireExercise(cells('exercise'));
    const mark = format.readMark(cells, exercise);
    const reps = format.readReps?.(cells) ?? { targetReps: null, reps: readReps(cells('reps'), exercise) };
    const choices = weights.map(({ index, unit }) => ({ text: fields[index] ?? '', unit }));
    const { text, unit } = chooseWeight(choices, facts.unitAsked);
    const weight = readWeight(text, facts.decimalMarks, exercise);
    return {
      at: readDate(cells('date'), facts.dateOrder),
      workout: cells('workout'),
      exercise,
      ...mark,
      weight,
      unit: decideUnit(readUnit(cells('unit')) ?? unit ?? format.unit ?? null, facts.unitAsked),
      ...reps,
      rpe: readRpe(cells('rpe')),
    };
  }

  return {
    dateColumn: indexes.get('date') ?? -1,
    weightColumns: weights.map(({ index }) => index),
    readRow: (fields, facts) => [readSet(fields, facts)],
  };
}
