/**
 * Exports of FitNotes: days without a time, sets without numbers or kinds. The unit is in the weight's header, or
 * since 2024 in a column `Weight Unit`; FitNotes 2 for iOS has a column for each unit.
 */
import { setRowsFormat } from './set-rows.ts';

export const FITNOTES = setRowsFormat({
  name: 'FitNotes',
  fields: {
    date: ['date'],
    exercise: ['exercise'],
    category: ['category'],
    weight: ['weight (kgs)'],
    unit: ['weight unit'],
    reps: ['reps'],
  },
  optional: ['unit'],
  readMark: () => ({ kind: 'WORK', mark: null, setNumber: null }),
});
