/**
 * Exports of the Strong app. Its columns are named in the language of the phone, and have changed over time; the weight's
 * unit is in a column, in the header, or absent. English: exports of 2017 to 2025; French: an export of
 * 2023; German and Spanish: the column names in public programs that read such exports (statlift's columns.json with
 * German of iOS and Android; a log converter's table for "Strong exports in Spanish").
 */
import { readCount } from '../read-number.ts';
import { UnreadableRow } from '../training-log.ts';
import { setRowsFormat } from './set-rows.ts';

export const STRONG = setRowsFormat({
  name: 'Strong',
  fields: {
    date: ['date', 'datum', 'fecha'],
    workout: ['workout name', "nom de l'entraînement", 'workout-name', 'nombre de entrenamiento'],
    exercise: ['exercise name', "nom de l'exercice", 'name der übung', 'nombre del ejercicio'],
    order: ['set order', 'ordre de la série', 'reihenfolge festlegen', 'orden de la serie'],
    weight: ['weight', 'poids', 'gewicht', 'peso'],
    unit: ['weight unit'],
    reps: ['reps', 'réps', 'wiederh.', 'rep.'],
    rpe: ['rpe'],
  },
  optional: ['workout', 'unit', 'rpe'],
  readMark(cells, exercise) {
    const mark = cells('order');
    return { kind: readKind(mark, exercise), mark, setNumber: null };
  },
});

/** Numbers, drop sets and sets to failure are work; rest timers and notes share the column. */
function readKind(mark: string, exercise: string): 'WARM_UP' | 'WORK' {
  switch (mark.toLowerCase()) {
    case 'w':
      return 'WARM_UP';
    case 'd':
    case 'f':
      return 'WORK';
    case 'rest timer':
    case 'ruhezeit':
      throw new UnreadableRow('REST_TIMER', exercise);
    case 'note':
      throw new UnreadableRow('NOTE', exercise);
    default:
      readCount(mark, 1, 'BAD_SET');
      return 'WORK';
  }
}
