/** Reddit PPL (push, pull, legs): linear progression for main lifts, double progression for accessories. */
import type { CatalogLift } from './lifts.ts';
import { prescribe, sets } from './prescriptions.ts';
import { BOTH_UNITS, type CatalogRule, defineProgram, type Unit } from './program.ts';
import { deload, FINE_STEP, INCREMENT_PRIORITY, linear, places, STEP, TRAINING_MAX } from './rules.ts';

const UPPER: CatalogLift[] = ['bench-press', 'overhead-press', 'barbell-row'];
const LOWER: CatalogLift[] = ['squat', 'deadlift'];
const LEGS: CatalogLift[] = ['squat', 'romanian-deadlift', 'leg-press', 'leg-curl', 'calf-raise'];

const accessory = (lift: CatalogLift, count = 3) => prescribe(lift, sets(`${count}x8-12@100`));
const main = (lift: CatalogLift, unit: Unit) => prescribe(lift, sets('4x5@100 1x5+@100'), FINE_STEP[unit]);
const PULL = [accessory('lat-pulldown'), accessory('seated-row'), accessory('biceps-curl', 4)];
const PUSH = [accessory('incline-dumbbell-press'), accessory('triceps-pushdown')];
const LEG_DAY = [
  prescribe('squat', sets('2x5@100 1x5+@100')),
  ...[
    accessory('romanian-deadlift'),
    accessory('leg-press'),
    accessory('leg-curl'),
    accessory('calf-raise', 5),
  ],
];

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
    prescriptions: {
      'pull-a': [prescribe('deadlift', sets('1x5+@100')), ...PULL],
      'push-a': [main('bench-press', unit), ...PUSH],
      'legs-a': LEG_DAY,
      'pull-b': [main('barbell-row', unit), ...PULL],
      'push-b': [main('overhead-press', unit), ...PUSH],
      'legs-b': LEG_DAY,
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
