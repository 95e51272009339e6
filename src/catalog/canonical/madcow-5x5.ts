/** Madcow 5x5 (after Bill Starr): heavy, light and record days; weight is added every week. */
import { BOTH_UNITS, type CatalogRule, defineProgram, type Unit } from './program.ts';
import { deload, INCREMENT_PRIORITY, linear, places, STEP, TRAINING_MAX } from './rules.ts';

export const MADCOW_5X5 = [
  ...BOTH_UNITS.map((unit) =>
    madcow(unit, {
      slug: `madcow-5x5-${unit}`,
      name: `Madcow 5x5 (${unit})`,
      increments: [percentAWeek(unit)],
    }),
  ),
  madcow('lb', {
    slug: 'madcow-5x5-fixed-lb',
    name: 'Madcow 5x5, fixed increments (lb)',
    increments: [
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
        lifts: ['bench-press', 'barbell-row', 'incline-bench-press'],
      }),
    ],
  }),
];

function madcow(
  unit: Unit,
  { slug, name, increments }: { slug: string; name: string; increments: CatalogRule[] },
) {
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
    rules: [deload(unit, 2), ...increments],
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
      roundTo: STEP[unit],
    },
    places: places(INCREMENT_PRIORITY),
  };
}
