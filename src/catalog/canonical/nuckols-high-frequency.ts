/**
 * Greg Nuckols's high frequency program: cycles of three weeks, with fixed increments or increments by AMRAP
 * sets.
 */
import { prescribe, sets } from './prescriptions.ts';
import { BOTH_UNITS, type CatalogRule, defineProgram, type Unit } from './program.ts';
import { amrap, INCREMENT_PRIORITY, places, TRAINING_MAX } from './rules.ts';

/** Sets x repetitions of the three weeks at one percentage. */
function waveAt(percent: number, ...weeks: readonly string[]) {
  return weeks.flatMap((scheme, index) => sets(`${scheme}@${percent}`, { weeks: [index + 1] }));
}

const BENCH_AND_SQUAT = {
  monday: waveAt(75, '4x3', '5x3', '5x4'),
  tuesday: waveAt(80, '3x2', '4x2', '4x3'),
  wednesday: waveAt(70, '4x4', '5x4', '5x5'),
  thursday: waveAt(85, '3x1', '4x1', '1x1+'),
  saturday: waveAt(65, '5x5', '6x5', '6x6'),
};
const PRESS_AND_DEADLIFT = waveAt(85, '3x1', '4x1', '1x1+');

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
    description: `Three-week cycles: bench press and squat on five days, press and deadlift on one. ${variant.how}`,
    source: 'Greg Nuckols, Stronger by Science; figures second-hand',
    unit,
    weeksPerCycle: 3,
    sessionsPerWeek: 6,
    days: {
      monday: ['bench-press', 'squat'],
      tuesday: ['bench-press', 'squat'],
      wednesday: ['bench-press', 'squat'],
      thursday: ['bench-press', 'squat'],
      friday: ['overhead-press', 'deadlift'],
      saturday: ['bench-press', 'squat'],
    },
    prescriptions: {
      ...Object.fromEntries(
        Object.entries(BENCH_AND_SQUAT).map(([day, wave]) => [
          day,
          [prescribe('bench-press', wave), prescribe('squat', wave)],
        ]),
      ),
      friday: [prescribe('overhead-press', PRESS_AND_DEADLIFT), prescribe('deadlift', PRESS_AND_DEADLIFT)],
    },
    rules: [variant.rule],
  });
}
