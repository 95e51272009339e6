/**
 * Exports of Fitbod, which are always in kg: the header has the unit since about 2020, and pounds are converted to long
 * fractions (45 lb as 20.41168092). Older exports have a column `Sets`.
 */

import { readCount } from '../read-number.ts';
import { quoted, UnreadableRow } from '../training-log.ts';
import { setRowsFormat } from './set-rows.ts';

export const FITBOD = setRowsFormat({
  name: 'Fitbod',
  unit: 'kg',
  fields: {
    date: ['date'],
    exercise: ['exercise'],
    sets: ['sets'],
    reps: ['reps'],
    weight: ['weight(kg)'],
    isWarmUp: ['iswarmup'],
  },
  optional: ['sets'],
  readMark(cells) {
    const sets = cells('sets');
    if (sets !== '' && readCount(sets, 1, 'BAD_SET') !== 1) {
      throw new UnreadableRow('BAD_SET', `${sets} sets in one row`);
    }
    return { kind: readKind(cells('isWarmUp')), mark: null, setNumber: null };
  },
});

function readKind(isWarmUp: string): 'WARM_UP' | 'WORK' {
  switch (isWarmUp.toLowerCase()) {
    case 'true':
      return 'WARM_UP';
    case '':
    case 'false':
      return 'WORK';
    default:
      throw new UnreadableRow('BAD_SET', quoted(isWarmUp));
  }
}
