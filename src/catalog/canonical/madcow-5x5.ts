/** Madcow 5x5 (after Bill Starr): heavy, light and record days; weight is added every week. */
import type { CatalogLift } from './lifts.ts';
import { prescribe, sets } from './prescriptions.ts';
import { BOTH_UNITS, type CatalogRule, defineProgram, type Unit } from './program.ts';
import { deload, FINE_STEP, INCREMENT_PRIORITY, linear, places, STEP, TRAINING_MAX } from './rules.ts';

const HEAVY_LIFTS: CatalogLift[] = ['squat', 'bench-press', 'barbell-row'];

/** Sets go up by an eighth of Monday's top set; the ramps decide nothing. */
const MONDAY = [...sets('1x5@50 1x5@62.5 1x5@75 1x5@87.5', { kind: 'WARM_UP' }), ...sets('1x5@100')];
const WEDNESDAY = [...sets('1x5@62.5 1x5@75 1x5@87.5', { kind: 'WARM_UP' }), ...sets('1x5@100')];
/** The triple is what the next Monday's top set weighs. */
const FRIDAY = [
  ...sets('1x5@50 1x5@62.5 1x5@75 1x5@87.5', { kind: 'WARM_UP' }),
  ...sets('1x3@102.5'),
  ...sets('1x8@75', { kind: 'SUPPLEMENTAL' }),
];

const PRESSES_AND_ROW: CatalogLift[] = ['bench-press', 'barbell-row', 'incline-bench-press'];

export const MADCOW_5X5 = [
  ...BOTH_UNITS.map((unit) =>
    madcow(unit, {
      slug: `madcow-5x5-${unit}`,
      name: `Madcow 5x5 (${unit})`,
      rules: [percentAWeek(unit)],
    }),
  ),
  madcow('lb', {
    slug: 'madcow-5x5-fixed-lb',
    name: 'Madcow 5x5, fixed increments (lb)',
    rules: [
      deload({ unit: 'lb', missedSessions: 2, step: FINE_STEP, lifts: PRESSES_AND_ROW }),
      linear({
        unit: 'lb',
        triggerType: 'AFTER_WEEK',
        increment: { lb: '5', kg: '2.5' },
        lifts: ['squat', 'deadlift'],
      }),
      linear({
        unit: 'lb',
        triggerType: 'AFTER_WEEK',
        increment: { lb: '2.5', kg: '1.25' },
        lifts: PRESSES_AND_ROW,
      }),
    ],
  }),
];

function madcow(unit: Unit, { slug, name, rules }: { slug: string; name: string; rules: CatalogRule[] }) {
  return defineProgram({
    slug,
    name,
    description:
      'An intermediate program. Every week adds weight to the lifts whose work sets met their targets ' +
      'in it; two missed sessions of a lift in a row take 10 % off it.',
    source: "Bill Starr, The Strongest Shall Survive, in Madcow's version; figures second-hand",
    unit,
    sessionsPerWeek: 3,
    days: {
      monday: ['squat', 'bench-press', 'barbell-row'],
      wednesday: ['squat', 'incline-bench-press', 'deadlift'],
      friday: ['squat', 'bench-press', 'barbell-row'],
    },
    prescriptions: {
      monday: HEAVY_LIFTS.map((lift) => prescribe(lift, MONDAY)),
      wednesday: [
        prescribe('squat', sets('1x5@50 1x5@62.5 2x5@75', { kind: 'SUPPLEMENTAL' })),
        prescribe('incline-bench-press', WEDNESDAY),
        prescribe('deadlift', WEDNESDAY),
      ],
      friday: HEAVY_LIFTS.map((lift) => prescribe(lift, FRIDAY)),
    },
    rules: [deload({ unit, missedSessions: 2 }), ...rules],
  });
}

function percentAWeek(unit: Unit): CatalogRule {
  return {
    name: '+2.5 % a week',
    type: 'LINEAR_PROGRESSION',
    parameters: {
      maxType: TRAINING_MAX,
      triggerType: 'AFTER_WEEK',
      incrementPercent: '0.025',
      requireSuccess: true,
      requirePerformed: true,
      roundTo: STEP[unit],
    },
    places: places(INCREMENT_PRIORITY),
  };
}
