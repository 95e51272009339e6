/**
 * JEFIT's export: a file of several tables under headings such as `### EXERCISE LOGS ####`, each with a header of its
 * own. A row of that table is one exercise of a session, its sets in one cell as `60x10,65x8`. Headings and columns are
 * those that public importers of such files read (JeFit2Hevy's converter.py, and the tests of two others that show the
 * whole header); the unit of all weights is the setting `mass` (" kg", " lbs").
 */
import { findColumn, headerName, requireExercise } from '../columns.ts';
import { readDate } from '../read-date.ts';
import { decideUnit, readReps, readWeight } from '../read-number.ts';
import { quoted, UnreadableRow, type WeightUnit } from '../training-log.ts';
import { type LogFormat, readPart } from './log-format.ts';

const UNITS: ReadonlyMap<string, WeightUnit> = new Map([
  ['kg', 'kg'],
  ['kgs', 'kg'],
  ['lb', 'lb'],
  ['lbs', 'lb'],
]);

const REQUIRED = ['mydate', 'ename', 'logs'] as const;

export const JEFIT: LogFormat = {
  name: 'JEFIT',
  columns: REQUIRED,
  section: 'EXERCISE LOGS',
  unitOfFile(findTable) {
    const settings = findTable('SETTING');
    const column = findColumn(settings?.columns.map(headerName) ?? [], ['mass']);
    const text = settings?.rows[0]?.fields[column]?.trim().toLowerCase();
    return UNITS.get(text ?? '') ?? null;
  },
  match(columns) {
    const [dateColumn, exerciseColumn, setsColumn] = REQUIRED.map((name) => findColumn(columns, [name]));
    const sessionColumn = findColumn(columns, ['belongsession']);
    if (dateColumn === undefined || exerciseColumn === undefined || setsColumn === undefined) {
      return undefined;
    }
    if ([dateColumn, exerciseColumn, setsColumn].includes(-1)) {
      return undefined;
    }
    return {
      dateColumn,
      weightColumns: [],
      readRow(fields, facts) {
        const cell = (index: number) => fields[index] ?? '';
        const exercise = requireExercise(cell(exerciseColumn));
        const session = { at: readDate(cell(dateColumn), facts.dateOrder), workout: cell(sessionColumn) };
        if (cell(setsColumn) === '') {
          throw new UnreadableRow('NO_REPS', exercise);
        }
        return cell(setsColumn)
          .split(',')
          .flatMap((text, index) =>
            readPart(() => {
              const [, weightText, repsText] = /^\s*([\d.]*)x([\d.]*)\s*$/.exec(text) ?? [];
              if (weightText === undefined || repsText === undefined) {
                throw new UnreadableRow('BAD_SET', quoted(text));
              }
              const reps = readReps(repsText, exercise);
              const weight = readWeight(weightText, facts.decimalMarks, exercise);
              const unit = decideUnit(facts.unitOfFile, facts.unitAsked);
              const set = { kind: 'WORK', setNumber: null, weight, unit, targetReps: null, reps } as const;
              return [{ ...session, exercise, ...set, mark: String(index + 1), rpe: null }];
            }),
          );
      },
    };
  },
};
