/** The closed table of log formats. */
import { FITBOD } from './fitbod.ts';
import { FITNOTES } from './fitnotes.ts';
import { HEVY } from './hevy.ts';
import { JEFIT } from './jefit.ts';
import type { LogFormat } from './log-format.ts';
import { STRONG } from './strong.ts';
import { STRONGLIFTS_EXERCISES } from './stronglifts-exercises.ts';
import { STRONGLIFTS_LOG } from './stronglifts-log.ts';
import { STRONGLIFTS_WORKOUTS } from './stronglifts-workouts.ts';

/** No file has the columns of two formats. */
export const LOG_FORMATS: readonly LogFormat[] = [
  STRONGLIFTS_LOG,
  STRONG,
  HEVY,
  FITNOTES,
  FITBOD,
  STRONGLIFTS_WORKOUTS,
  STRONGLIFTS_EXERCISES,
  JEFIT,
];
