/**
 * The StrongLifts app's export with one workout in a row: for each exercise its name, its weight in kg or lb, and the
 * repetitions of up to five sets; rows end early when a workout had fewer exercises. Days and months are in the order of the phone.
 */
import { findColumn, requireExercise, splitUnit, type WeightColumn } from '../columns.ts';
import { readDate } from '../read-date.ts';
import { chooseWeight, decideUnit, readReps, readWeight } from '../read-number.ts';
import { UnreadableRow } from '../training-log.ts';
import {
  type FileFacts,
  type LogFormat,
  readPart,
  type SessionOfRow,
  type SetReading,
} from './log-format.ts';

/** The columns of the n-th exercise of a workout. */
interface ExerciseColumns {
  readonly exercise: number;
  readonly weights: readonly WeightColumn[];
  readonly sets: readonly number[];
}

export const STRONGLIFTS_WORKOUTS: LogFormat = {
  name: 'StrongLifts app',
  columns: ['date', 'exercise 1', 'weight (kg)', 'set 1'],
  program: 'stronglifts-5x5',
  match(columns) {
    const dateColumn = findColumn(columns, ['date']);
    const blocks = findBlocks(columns);
    if (dateColumn === -1 || blocks.length === 0) {
      return undefined;
    }
    return {
      dateColumn,
      isOpenEnded: true,
      weightColumns: blocks.flatMap(({ weights }) => weights.map(({ index }) => index)),
      readRow(fields, facts) {
        const at = readDate(fields[dateColumn] ?? '', facts.dateOrder);
        return blocks.flatMap((block) =>
          readPart(() => readExercise(block, fields, facts, { at, workout: '' })),
        );
      },
    };
  },
};

function findBlocks(columns: readonly string[]): ExerciseColumns[] {
  const starts = columns.flatMap((column, index) => (/^exercise \d+$/.test(column) ? [index] : []));
  const blocks = starts.map((start, order) => {
    const end = starts[order + 1] ?? columns.length;
    const inBlock = columns.map((column, index) => ({ column, index })).slice(start, end);
    return {
      exercise: start,
      weights: inBlock
        .map(({ column, index }) => ({ index, ...splitUnit(column) }))
        .filter(({ name, unit }) => name === 'weight' && unit !== null),
      sets: inBlock.filter(({ column }) => /^set \d+$/.test(column)).map(({ index }) => index),
    };
  });
  return blocks.filter(({ weights, sets }) => weights.length > 0 && sets.length > 0);
}

/** The app leaves the cells of skipped sets empty, and writes 0 for a set without a repetition. */
function readExercise(
  { exercise: column, weights, sets }: ExerciseColumns,
  fields: readonly string[],
  facts: FileFacts,
  session: SessionOfRow,
): SetReading[] {
  const cell = (index: number) => fields[index] ?? '';
  const done = sets
    .map(cell)
    .flatMap((text, index) => (text === '' ? [] : [{ text, mark: String(index + 1) }]));
  const choices = weights.map(({ index, unit }) => ({ text: cell(index), unit }));
  if (cell(column) === '' && done.length === 0 && choices.every(({ text }) => text === '')) {
    return [];
  }
  const exercise = requireExercise(cell(column));
  if (done.length === 0) {
    throw new UnreadableRow('NO_REPS', exercise);
  }
  const chosen = chooseWeight(choices, facts.unitAsked);
  const weight = readWeight(chosen.text, facts.decimalMarks, exercise);
  const unit = decideUnit(chosen.unit, facts.unitAsked);
  return done.flatMap(({ text, mark }) =>
    readPart(() => {
      const reps = readReps(text, exercise);
      const set = {
        kind: 'WORK',
        setNumber: null,
        mark,
        weight,
        unit,
        targetReps: null,
        reps,
        rpe: null,
      } as const;
      return [{ ...session, exercise, ...set }];
    }),
  );
}
