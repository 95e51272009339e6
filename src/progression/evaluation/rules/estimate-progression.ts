/** ESTIMATE_PROGRESSION: raises the max to the one-rep max that an AMRAP set lets expect. */
import { ESTIMATE_FORMULAS, estimateOneRepMax, MOST_ESTIMATED_REPS } from './estimate.ts';
import { readParameters } from './parameters.ts';
import { type Rule, skip } from './rule.ts';
import { boundsFor, changeTo, readBounds, roundWeight } from './weight.ts';

export function createEstimateProgression(parameters: unknown): Rule {
  const reader = readParameters(parameters);
  const maxType = reader.maxType();
  const formula = reader.oneOf('formula', ESTIMATE_FORMULAS);
  const maxReps = reader.integer('maxReps', 1, MOST_ESTIMATED_REPS);
  const bounds = readBounds(reader);
  reader.finish();
  return {
    maxType,
    triggerType: 'AFTER_SET',
    countBy: null,
    stages: null,
    weighsSets: true,
    takesOverrideIncrement: false,
    apply({ currentValue, overrideBounds, isAmrap, repsPerformed, weightPerformed }) {
      if (repsPerformed === null || weightPerformed === null) {
        return skip('REPS_MISSING');
      }
      if (!isAmrap) {
        return skip('NOT_AMRAP');
      }
      if (repsPerformed < 1 || repsPerformed > maxReps) {
        return skip('ESTIMATE_NOT_HIGHER');
      }
      const estimate = roundWeight(estimateOneRepMax(weightPerformed, repsPerformed, formula), bounds);
      return estimate.gt(currentValue)
        ? changeTo(estimate, currentValue, boundsFor(bounds, overrideBounds))
        : skip('ESTIMATE_NOT_HIGHER');
    },
  };
}
