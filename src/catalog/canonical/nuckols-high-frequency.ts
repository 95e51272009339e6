/**
 * Greg Nuckols's high frequency program: cycles of three weeks, with fixed increments or increments by AMRAP
 * sets.
 */
import { BOTH_UNITS, type CatalogRule, defineProgram, type Unit } from './program.ts';
import { amrap, INCREMENT_PRIORITY, places, TRAINING_MAX } from './rules.ts';

/** The source gives the fixed increment in pounds only. */
export const NUCKOLS_HIGH_FREQUENCY = [
  highFrequency('lb', {
    slug: 'nuckols-high-frequency-lb',
    name: 'Greg Nuckols, high frequency (lb)',
    how: 'Every cycle adds 5 lb.',
    rule: {
      name: '+5 lb a cycle',
      type: 'CYCLE_PROGRESSION',
      parameters: { maxType: TRAINING_MAX, increment: '5', requireSuccess: false, requirePerformed: true },
      places: places(INCREMENT_PRIORITY),
    },
  }),
  ...BOTH_UNITS.map((unit) =>
    highFrequency(unit, {
      slug: `nuckols-high-frequency-amrap-${unit}`,
      name: `Greg Nuckols, high frequency with AMRAP (${unit})`,
      how: 'The repetitions of the AMRAP set in week 3 decide how much the training max goes up.',
      rule: amrap(unit, 'What the AMRAP set of week 3 earned', {
        6: { lb: '5', kg: '2.5' },
        8: { lb: '10', kg: '5' },
        10: { lb: '15', kg: '7.5' },
      }),
    }),
  ),
];

function highFrequency(unit: Unit, variant: { slug: string; name: string; how: string; rule: CatalogRule }) {
  return defineProgram({
    slug: variant.slug,
    name: variant.name,
    description: `Three-week cycles of the competition lifts, several times a week. ${variant.how}`,
    source: 'Greg Nuckols, Stronger by Science; figures second-hand',
    unit,
    weeksPerCycle: 3,
    sessionsPerWeek: 4,
    days: {
      'day-1': ['squat', 'bench-press'],
      'day-2': ['bench-press', 'deadlift'],
      'day-3': ['squat', 'bench-press'],
      'day-4': ['bench-press', 'deadlift'],
    },
    rules: [variant.rule],
  });
}
