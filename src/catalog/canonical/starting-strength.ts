/** Starting Strength: three full-body sessions a week; weight is added in each. */

import { prescribe, sets } from './prescriptions.ts';
import { BOTH_UNITS, defineProgram } from './program.ts';
import { deload, FINE_STEP, linear } from './rules.ts';

export const STARTING_STRENGTH = BOTH_UNITS.map((unit) =>
  defineProgram({
    slug: `starting-strength-${unit}`,
    name: `Starting Strength (${unit})`,
    description:
      'A novice program. Every session adds weight to the lifts whose work sets met their targets; ' +
      'two missed sessions of a lift in a row take 10 % off it.',
    source: 'Mark Rippetoe, Starting Strength: Basic Barbell Training',
    unit,
    sessionsPerWeek: 3,
    days: {
      'day-a': ['squat', 'overhead-press', 'deadlift'],
      'day-b': ['squat', 'bench-press', 'deadlift'],
    },
    prescriptions: {
      'day-a': [
        prescribe('squat', sets('3x5@100')),
        prescribe('overhead-press', sets('3x5@100'), FINE_STEP[unit]),
        prescribe('deadlift', sets('1x5@100')),
      ],
      'day-b': [
        prescribe('squat', sets('3x5@100')),
        prescribe('bench-press', sets('3x5@100'), FINE_STEP[unit]),
        prescribe('deadlift', sets('1x5@100')),
      ],
    },
    rules: [
      deload({ unit, missedSessions: 2 }),
      deload({ unit, missedSessions: 2, step: FINE_STEP, lifts: ['bench-press', 'overhead-press'] }),
      linear({
        unit,
        triggerType: 'AFTER_SESSION',
        increment: { lb: '5', kg: '2.5' },
        lifts: ['squat', 'deadlift'],
      }),
      linear({
        unit,
        triggerType: 'AFTER_SESSION',
        increment: { lb: '2.5', kg: '1.25' },
        lifts: ['bench-press', 'overhead-press'],
      }),
    ],
  }),
);
