/** nSuns 5/3/1 LP: nine sets of a main lift; the 1+ set decides the training max of the next week. */

import { prescribe, sets } from './prescriptions.ts';
import { BOTH_UNITS, defineProgram } from './program.ts';
import { amrap } from './rules.ts';

/** The third set decides. The back-off sets decide nothing, the last of them too, which takes as many as will go. */
const NINE_SETS = [
  ...sets('1x5@75 1x3@85 1x1+@95'),
  ...sets('1x3@90 1x3@85 1x3@80 1x5@75 1x5@70 1x5@65', { kind: 'SUPPLEMENTAL' }),
];

export const NSUNS_531_LP = BOTH_UNITS.map((unit) =>
  defineProgram({
    slug: `nsuns-531-lp-${unit}`,
    name: `nSuns 5/3/1 LP (${unit})`,
    description:
      'A weekly program of the four main lifts. The repetitions of the 1+ set decide how much the ' +
      'training max goes up: log that set, and no other, as AMRAP. Nothing comes off by itself.',
    source: 'nSuns, 5/3/1 LP; the spreadsheets, second-hand',
    unit,
    sessionsPerWeek: 4,
    trainingMaxPercent: '0.9',
    days: {
      bench: ['bench-press'],
      squat: ['squat'],
      press: ['overhead-press'],
      deadlift: ['deadlift'],
    },
    prescriptions: {
      bench: [prescribe('bench-press', NINE_SETS)],
      squat: [prescribe('squat', NINE_SETS)],
      press: [prescribe('overhead-press', NINE_SETS)],
      deadlift: [prescribe('deadlift', NINE_SETS)],
    },
    rules: [
      amrap(unit, 'What the 1+ set earned', {
        2: { lb: '5', kg: '2.5' },
        4: { lb: '10', kg: '5' },
        6: { lb: '15', kg: '7.5' },
      }),
    ],
  }),
);
