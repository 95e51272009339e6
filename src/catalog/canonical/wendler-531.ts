/** Wendler's 5/3/1, Boring But Big: cycles of four weeks, based on 90 % of the one-rep max. */
import type { BlueprintPlace } from '../programs/blueprint.ts';
import { prescribe, sets } from './prescriptions.ts';
import { BOTH_UNITS, defineProgram, type Figures, type Unit } from './program.ts';
import { deload, INCREMENT_PRIORITY, places, TRAINING_MAX } from './rules.ts';

const PRESSES: Figures = { lb: '5', kg: '2.5' };
const SQUAT_AND_DEADLIFT: Figures = { lb: '10', kg: '5' };

/** The last set of the first three weeks is AMRAP; 5x10 at half the training max follows it, and not in the deload week. */
const WAVE = [
  ...sets('1x5@65 1x5@75 1x5+@85', { weeks: [1] }),
  ...sets('1x3@70 1x3@80 1x3+@90', { weeks: [2] }),
  ...sets('1x5@75 1x3@85 1x1+@95', { weeks: [3] }),
  ...sets('1x5@40 1x5@50 1x5@60', { weeks: [4] }),
  ...sets('5x10@50', { kind: 'SUPPLEMENTAL', weeks: [1, 2, 3] }),
];

export const WENDLER_531_BBB = BOTH_UNITS.map((unit) =>
  defineProgram({
    slug: `wendler-531-bbb-${unit}`,
    name: `Wendler 5/3/1, Boring But Big (${unit})`,
    description:
      'Four-week cycles. The training max starts at 90 % of the one-rep max; every cycle adds to the ' +
      'lifts whose work sets met their targets. A rule that takes 10 % off after a missed session is ' +
      'there, switched off.',
    source: 'Jim Wendler, 5/3/1: The Simplest and Most Effective Training System for Raw Strength',
    unit,
    weeksPerCycle: 4,
    sessionsPerWeek: 4,
    trainingMaxPercent: '0.9',
    days: {
      press: ['overhead-press'],
      deadlift: ['deadlift'],
      bench: ['bench-press'],
      squat: ['squat'],
    },
    prescriptions: {
      press: [prescribe('overhead-press', WAVE)],
      deadlift: [prescribe('deadlift', WAVE)],
      bench: [prescribe('bench-press', WAVE)],
      squat: [prescribe('squat', WAVE)],
    },
    rules: [
      switchedOff(unit),
      {
        name: `+${PRESSES[unit]} ${unit} a cycle, squat and deadlift +${SQUAT_AND_DEADLIFT[unit]} ${unit}`,
        type: 'CYCLE_PROGRESSION',
        parameters: {
          maxType: TRAINING_MAX,
          increment: PRESSES[unit],
          requireSuccess: true,
          requirePerformed: true,
        },
        places: [
          ...places(INCREMENT_PRIORITY),
          ...places(INCREMENT_PRIORITY, ['squat', 'deadlift']).map(
            (place): BlueprintPlace => ({ ...place, overrideIncrement: SQUAT_AND_DEADLIFT[unit] }),
          ),
        ],
      },
    ],
  }),
);

/** For coaches who reset a lift at the first miss. */
function switchedOff(unit: Unit) {
  const rule = deload({ unit, missedSessions: 1 });
  return { ...rule, places: rule.places.map((place) => ({ ...place, enabled: false })) };
}
