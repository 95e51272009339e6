/** Greyskull LP: the last set of each lift is AMRAP and decides the weight of the next session. */
import type { BlueprintPlace } from '../programs/blueprint.ts';
import type { CatalogLift } from './lifts.ts';
import { prescribe, sets } from './prescriptions.ts';
import { BOTH_UNITS, defineProgram } from './program.ts';
import { INCREMENT_PRIORITY, places, TRAINING_MAX } from './rules.ts';

const threeSets = (lift: CatalogLift) => prescribe(lift, sets('2x5@100 1x5+@100'));
const DEADLIFT = prescribe('deadlift', sets('1x5+@100'));

export const GREYSKULL_LP = BOTH_UNITS.map((unit) =>
  defineProgram({
    slug: `greyskull-lp-${unit}`,
    name: `Greyskull LP (${unit})`,
    description:
      'A novice program. The AMRAP set of a lift decides: under 5 repetitions take 10 % off, 5 to 9 ' +
      'add the increment, 10 or more add it twice. The figures are the same numbers in either unit.',
    source: 'John Sheaffer, The Greyskull LP; figures second-hand',
    unit,
    sessionsPerWeek: 3,
    days: {
      'week-1-day-1': ['overhead-press', 'squat'],
      'week-1-day-2': ['bench-press', 'deadlift'],
      'week-1-day-3': ['overhead-press', 'squat'],
      'week-2-day-1': ['bench-press', 'squat'],
      'week-2-day-2': ['overhead-press', 'deadlift'],
      'week-2-day-3': ['bench-press', 'squat'],
    },
    prescriptions: {
      'week-1-day-1': [threeSets('overhead-press'), threeSets('squat')],
      'week-1-day-2': [threeSets('bench-press'), DEADLIFT],
      'week-1-day-3': [threeSets('overhead-press'), threeSets('squat')],
      'week-2-day-1': [threeSets('bench-press'), threeSets('squat')],
      'week-2-day-2': [threeSets('overhead-press'), DEADLIFT],
      'week-2-day-3': [threeSets('bench-press'), threeSets('squat')],
    },
    loadStep: '2.5',
    rules: [
      {
        name: `AMRAP: +2.5 ${unit}, deadlift +5 ${unit}, under 5 repetitions -10 %`,
        type: 'GREYSKULL_PROGRESSION',
        parameters: {
          maxType: TRAINING_MAX,
          weightIncrement: '2.5',
          minReps: 5,
          doubleThreshold: 10,
          deloadPercent: '0.1',
          roundTo: '2.5',
        },
        places: [
          ...places(INCREMENT_PRIORITY),
          ...places(INCREMENT_PRIORITY, ['deadlift']).map(
            (place): BlueprintPlace => ({ ...place, overrideIncrement: '5' }),
          ),
        ],
      },
    ],
  }),
);
