/** StrongLifts 5x5: two alternating days, five sets of five; weight is added in each session. */

import { prescribe, sets } from './prescriptions.ts';
import { BOTH_UNITS, defineProgram } from './program.ts';
import { deload, linear } from './rules.ts';

export const STRONGLIFTS_5X5 = BOTH_UNITS.map((unit) =>
  defineProgram({
    slug: `stronglifts-5x5-${unit}`,
    name: `StrongLifts 5x5 (${unit})`,
    description:
      'A novice program of five lifts. Every session adds weight to the lifts whose work sets met ' +
      'their targets; three missed sessions of a lift in a row take 10 % off it.',
    source: "Mehdi, StrongLifts 5x5; the program's own guide",
    unit,
    sessionsPerWeek: 3,
    days: {
      'day-a': ['squat', 'bench-press', 'barbell-row'],
      'day-b': ['squat', 'overhead-press', 'deadlift'],
    },
    prescriptions: {
      'day-a': [
        prescribe('squat', sets('5x5@100')),
        prescribe('bench-press', sets('5x5@100')),
        prescribe('barbell-row', sets('5x5@100')),
      ],
      'day-b': [
        prescribe('squat', sets('5x5@100')),
        prescribe('overhead-press', sets('5x5@100')),
        prescribe('deadlift', sets('1x5@100')),
      ],
    },
    rules: [
      deload({ unit, missedSessions: 3 }),
      linear({ unit, triggerType: 'AFTER_SESSION', increment: { lb: '5', kg: '2.5' } }),
      linear({
        unit,
        triggerType: 'AFTER_SESSION',
        increment: { lb: '10', kg: '5' },
        lifts: ['deadlift'],
      }),
    ],
  }),
);
