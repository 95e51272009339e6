/** nSuns 5/3/1 LP: nine sets of a main lift; the 1+ set decides the training max of the next week. */
import { BOTH_UNITS, defineProgram } from './program.ts';
import { amrap } from './rules.ts';

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
    days: {
      bench: ['bench-press'],
      squat: ['squat'],
      press: ['overhead-press'],
      deadlift: ['deadlift'],
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
