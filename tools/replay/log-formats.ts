/** The closed table of log formats: how each is recognised by its columns, and what a row of it says. */
import { quoted, readCount, readDate, readRpe, readWeight } from './cells.ts';
import { type LogEntry, UnusableRow, type WeightUnit } from './training-log.ts';

/** A row's cell by the name of its column, trimmed; '' when there is no such column. */
export type Cells = (column: string) => string;

export interface LogFormat {
  readonly name: string;
  readonly programSlug: string | null;
  /** What it cannot do without; in lower case, as all columns here. */
  readonly columns: readonly string[];
  /** Throws UnusableRow. */
  readRow(cells: Cells, hasDecimalComma: boolean): Omit<LogEntry, 'line'>;
}

const STRONGLIFTS: LogFormat = {
  name: 'StrongLifts',
  programSlug: 'stronglifts-5x5-lb',
  columns: ['date', 'lift', 'set_number', 'weight_lb', 'target_reps', 'reps_performed'],
  readRow: (cells, hasDecimalComma) => ({
    at: readDate(cells('date')),
    workout: '',
    exercise: readExercise(cells('lift')),
    kind: 'WORK',
    setNumber: readCount(cells('set_number'), 1, 'BAD_SET'),
    weight: readWeight(cells('weight_lb'), hasDecimalComma),
    unit: 'lb',
    targetReps: readCount(cells('target_reps'), 0, 'BAD_REPS'),
    reps: readCount(cells('reps_performed'), 0, 'BAD_REPS'),
    rpe: null,
  }),
};

/** The Strong app has exported several sets of columns; the weight's unit has a column, a header, or no place. */
const STRONG: LogFormat = {
  name: 'Strong',
  programSlug: null,
  columns: ['date', 'exercise name', 'set order', 'weight', 'reps'],
  readRow(cells, hasDecimalComma) {
    const exercise = readExercise(cells('exercise name'));
    const kind = readSetOrder(cells('set order'), exercise);
    const [reps, weight] = [cells('reps'), cells('weight')];
    // Strong writes 0 where an exercise has no repetitions.
    if (/^0*([.,]0*)?$/.test(reps)) {
      throw new UnusableRow('NO_REPS', exercise);
    }
    if (weight === '') {
      throw new UnusableRow('NO_WEIGHT', exercise);
    }
    return {
      at: readDate(cells('date')),
      workout: cells('workout name'),
      exercise,
      kind,
      setNumber: null,
      weight: readWeight(weight, hasDecimalComma),
      unit: readUnit(cells('weight unit')),
      targetReps: null,
      reps: readCount(reps, 1, 'BAD_REPS'),
      rpe: readRpe(cells('rpe')),
    };
  },
};

export const LOG_FORMATS: readonly LogFormat[] = [STRONGLIFTS, STRONG];

function readExercise(text: string): string {
  if (text === '') {
    throw new UnusableRow('NO_EXERCISE', quoted(text));
  }
  return text;
}

/** Numbers, drop sets and sets to failure are work; rest timers and notes share the column. */
function readSetOrder(text: string, exercise: string): LogEntry['kind'] {
  switch (text.toLowerCase()) {
    case 'w':
      return 'WARM_UP';
    case 'd':
    case 'f':
      return 'WORK';
    case 'rest timer':
      throw new UnusableRow('REST_TIMER', exercise);
    case 'note':
      throw new UnusableRow('NOTE', exercise);
    default:
      readCount(text, 1, 'BAD_SET');
      return 'WORK';
  }
}

function readUnit(text: string): WeightUnit | null {
  switch (text.toLowerCase()) {
    case '':
      return null;
    case 'kg':
    case 'kgs':
      return 'kg';
    case 'lb':
    case 'lbs':
      return 'lb';
    default:
      throw new UnusableRow('BAD_UNIT', quoted(text));
  }
}
