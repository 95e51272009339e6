/** Exports of Hevy: sets are numbered from 0 and have a kind; the weight's column has the unit of the account. */

import { readCount } from '../read-number.ts';
import { quoted, UnreadableRow } from '../training-log.ts';
import { setRowsFormat } from './set-rows.ts';

const KINDS: ReadonlyMap<string, 'WARM_UP' | 'WORK'> = new Map([
  ['normal', 'WORK'],
  ['warmup', 'WARM_UP'],
  ['dropset', 'WORK'],
  ['failure', 'WORK'],
]);

export const HEVY = setRowsFormat({
  name: 'Hevy',
  fields: {
    date: ['start_time'],
    workout: ['title'],
    exercise: ['exercise_title'],
    index: ['set_index'],
    kind: ['set_type'],
    weight: ['weight_kg'],
    reps: ['reps'],
    rpe: ['rpe'],
  },
  optional: ['workout', 'rpe'],
  /** The numbers restart when a workout returns to an exercise, so the sets are counted. */
  readMark(cells) {
    const kind = KINDS.get(cells('kind'));
    if (kind === undefined) {
      throw new UnreadableRow('BAD_SET', quoted(cells('kind')));
    }
    return { kind, mark: String(readCount(cells('index'), 0, 'BAD_SET')), setNumber: null };
  },
});
