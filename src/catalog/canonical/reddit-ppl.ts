/** Reddit PPL (push, pull, legs): linear progression for main lifts, double progression for accessories. */
import type { CatalogLift } from './lifts.ts';
import { BOTH_UNITS, type CatalogRule, defineProgram, type Unit } from './program.ts';
import { deload, FINE_STEP, INCREMENT_PRIORITY, linear, places, STEP, TRAINING_MAX } from './rules.ts';

const UPPER: CatalogLift[] = ['bench-press', 'overhead-press', 'barbell-row'];
const LOWER: CatalogLift[] = ['squat', 'deadlift'];
const LEGS: CatalogLift[] = ['squat', 'romanian-deadlift', 'leg-press', 'leg-curl', 'calf-raise'];

export const REDDIT_PPL = BOTH_UNITS.map((unit) =>
  defineProgram({
    slug: `reddit-ppl-${unit}`,
    name: `Reddit PPL (${unit})`,
    description:
      'Six sessions a week. The main lifts add weight after each session that met its targets, and ' +
      'lose 10 % after three missed ones in a row; every other lift goes from 8 to 12 repetitions, ' +
      'then up in weight.',
    source: "Metallicadpa, A Linear Progression Based PPL Program; the author's post on Reddit",
    unit,
    sessionsPerWeek: 6,
    days: {
      'pull-a': ['deadlift', 'lat-pulldown', 'seated-row', 'biceps-curl'],
      'push-a': ['bench-press', 'incline-dumbbell-press', 'triceps-pushdown'],
      'legs-a': LEGS,
      'pull-b': ['barbell-row', 'lat-pulldown', 'seated-row', 'biceps-curl'],
      'push-b': ['overhead-press', 'incline-dumbbell-press', 'triceps-pushdown'],
      'legs-b': LEGS,
    },
    rules: [
      deload({ unit, missedSessions: 3, lifts: LOWER }),
      deload({ unit, missedSessions: 3, step: FINE_STEP, lifts: UPPER }),
      linear({
        unit,
        triggerType: 'AFTER_SESSION',
        increment: { lb: '2.5', kg: '1.25' },
        lifts: UPPER,
      }),
      linear({
        unit,
        triggerType: 'AFTER_SESSION',
        increment: { lb: '5', kg: '2.5' },
        lifts: LOWER,
      }),
      accessories(unit),
    ],
  }),
);

/** Program-wide: applies to lifts without a session rule of their own. */
function accessories(unit: Unit): CatalogRule {
  return {
    name: `Accessories: 8 to 12 repetitions, then +${STEP[unit]} ${unit}`,
    type: 'DOUBLE_PROGRESSION',
    parameters: {
      maxType: TRAINING_MAX,
      triggerType: 'AFTER_SESSION',
      weightIncrement: STEP[unit],
      minReps: 8,
      maxReps: 12,
    },
    places: places(INCREMENT_PRIORITY),
  };
}
