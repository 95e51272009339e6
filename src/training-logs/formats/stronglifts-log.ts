/** A StrongLifts log in a spreadsheet, with a target for every set: one set per row, in pounds. */
import { readCount } from '../read-number.ts';
import { setRowsFormat } from './set-rows.ts';

export const STRONGLIFTS_LOG = setRowsFormat({
  name: 'StrongLifts',
  program: 'stronglifts-5x5',
  fields: {
    date: ['date'],
    exercise: ['lift'],
    setNumber: ['set_number'],
    weight: ['weight_lb'],
    targetReps: ['target_reps'],
    reps: ['reps_performed'],
  },
  optional: [],
  readMark(cells) {
    const setNumber = readCount(cells('setNumber'), 1, 'BAD_SET');
    return { kind: 'WORK', setNumber, mark: String(setNumber) };
  },
  readReps: (cells) => ({
    targetReps: readCount(cells('targetReps'), 0, 'BAD_REPS'),
    reps: readCount(cells('reps'), 0, 'BAD_REPS'),
  }),
});
