/** The Texas Method: a volume, a recovery and an intensity day; weight is added every week. */

import { prescribe, sets } from './prescriptions.ts';
import { BOTH_UNITS, defineProgram } from './program.ts';
import { FINE_STEP, linear } from './rules.ts';

export const TEXAS_METHOD = BOTH_UNITS.map((unit) =>
  defineProgram({
    slug: `texas-method-${unit}`,
    name: `Texas Method (${unit})`,
    description:
      'An intermediate program. Every week adds weight to the lifts whose work sets met their targets ' +
      'in it; a lift that missed one holds.',
    source: 'Mark Rippetoe and Andy Baker, Practical Programming for Strength Training',
    unit,
    sessionsPerWeek: 3,
    days: {
      volume: ['squat', 'bench-press', 'deadlift'],
      recovery: ['squat', 'overhead-press'],
      intensity: ['squat', 'bench-press', 'power-clean'],
    },
    prescriptions: {
      volume: [
        prescribe('squat', sets('5x5@90', { kind: 'SUPPLEMENTAL' })),
        prescribe('bench-press', sets('5x5@90', { kind: 'SUPPLEMENTAL' }), FINE_STEP[unit]),
        prescribe('deadlift', sets('1x5@100')),
      ],
      recovery: [
        prescribe('squat', sets('2x5@72', { kind: 'SUPPLEMENTAL' })),
        prescribe('overhead-press', sets('3x5@100'), FINE_STEP[unit]),
      ],
      intensity: [
        prescribe('squat', sets('1x5@100')),
        prescribe('bench-press', sets('1x5@100'), FINE_STEP[unit]),
        prescribe('power-clean', sets('5x3@100'), FINE_STEP[unit]),
      ],
    },
    rules: [
      linear({
        unit,
        triggerType: 'AFTER_WEEK',
        increment: { lb: '5', kg: '2.5' },
        lifts: ['squat', 'deadlift'],
      }),
      linear({
        unit,
        triggerType: 'AFTER_WEEK',
        increment: { lb: '2.5', kg: '1.25' },
        lifts: ['bench-press', 'overhead-press', 'power-clean'],
      }),
    ],
  }),
);
