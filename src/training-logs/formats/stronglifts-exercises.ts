/**
 * The StrongLifts app's newer export with one exercise per row, and for each set its repetitions and its weight. The
 * columns are those of exports of 2026 among the test files of LiftLog, which imports them.
 */
import { findColumn, requireExercise } from '../columns.ts';
import { readDate } from '../read-date.ts';
import { decideUnit, readReps, readWeight } from '../read-number.ts';
import { UnreadableRow, type WeightUnit } from '../training-log.ts';
import { type LogFormat, readPart } from './log-format.ts';

interface SetColumns {
  readonly mark: string;
  readonly reps: number;
  readonly weight: number;
  readonly unit: WeightUnit;
}

export const STRONGLIFTS_EXERCISES: LogFormat = {
  name: 'StrongLifts app',
  columns: ['date (yyyy/mm/dd)', 'exercise', 'set 1 (reps)', 'set 1 (kg)'],
  program: 'stronglifts-5x5',
  match(columns) {
    const dateColumn = findColumn(columns, ['date (yyyy/mm/dd)', 'date']);
    const exerciseColumn = findColumn(columns, ['exercise']);
    const workoutColumn = findColumn(columns, ['workout', 'workout name']);
    const sets = findSets(columns);
    if (dateColumn === -1 || exerciseColumn === -1 || sets.length === 0) {
      return undefined;
    }
    return {
      dateColumn,
      weightColumns: sets.map(({ weight }) => weight),
      readRow(fields, facts) {
        const cell = (index: number) => fields[index] ?? '';
        const exercise = requireExercise(cell(exerciseColumn));
        const session = { at: readDate(cell(dateColumn), facts.dateOrder), workout: cell(workoutColumn) };
        const done = sets.filter(({ reps }) => cell(reps) !== '');
        if (done.length === 0) {
          throw new UnreadableRow('NO_REPS', exercise);
        }
        return done.flatMap(({ mark, reps: repsColumn, weight: weightColumn, unit: unitOfColumn }) =>
          readPart(() => {
            const reps = readReps(cell(repsColumn), exercise);
            const weight = readWeight(cell(weightColumn), facts.decimalMarks, exercise);
            const unit = decideUnit(unitOfColumn, facts.unitAsked);
            const set = {
              kind: 'WORK',
              setNumber: null,
              mark,
              weight,
              unit,
              targetReps: null,
              reps,
            } as const;
            return [{ ...session, exercise, ...set, rpe: null }];
          }),
        );
      },
    };
  },
};

function findSets(columns: readonly string[]): SetColumns[] {
  return columns.flatMap((column, reps) => {
    const [, mark] = /^set (\d+) \(reps\)$/.exec(column) ?? [];
    return (['kg', 'lb'] as const).flatMap((unit) => {
      const weight = mark === undefined ? -1 : findColumn(columns, [`set ${mark} (${unit})`]);
      return mark === undefined || weight === -1 ? [] : [{ mark, reps, weight, unit }];
    });
  });
}
