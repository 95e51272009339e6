/** GREYSKULL_PROGRESSION: the AMRAP set decides between a deload, the increment and twice the increment. */
import { POSITIVE, readParameters, SHARE } from './parameters.ts';
import { isUnearned, type Rule, skip } from './rule.ts';
import { addPercent, boundsFor, changeTo, readBounds } from './weight.ts';

export function createGreyskullProgression(parameters: unknown): Rule {
  const reader = readParameters(parameters);
  const maxType = reader.maxType();
  const weightIncrement = reader.requiredDecimal('weightIncrement', POSITIVE);
  const minReps = reader.integer('minReps', 1, 1000);
  const doubleThreshold = reader.integer('doubleThreshold', 1, 1000);
  const deloadPercent = reader.requiredDecimal('deloadPercent', SHARE);
  if (doubleThreshold <= minReps) {
    reader.violate('doubleThreshold', 'must be above minReps');
  }
  const bounds = readBounds(reader);
  reader.finish();
  return {
    maxType,
    triggerType: 'AFTER_SET',
    countBy: null,
    stages: null,
    takesOverrideIncrement: true,
    apply(input) {
      const { currentValue, overrideBounds, isAmrap, repsPerformed, overrideIncrement } = input;
      if (repsPerformed === null) {
        return skip('REPS_MISSING');
      }
      if (!isAmrap) {
        return skip('NOT_AMRAP');
      }
      if (repsPerformed < minReps) {
        return changeTo(
          addPercent(currentValue, deloadPercent.neg(), bounds),
          currentValue,
          boundsFor(bounds, overrideBounds),
        );
      }
      if (isUnearned(input)) {
        return skip('TARGET_MISSED');
      }
      const increment = overrideIncrement ?? weightIncrement;
      const earned = repsPerformed >= doubleThreshold ? increment.times(2) : increment;
      return changeTo(currentValue.plus(earned), currentValue, boundsFor(bounds, overrideBounds));
    },
  };
}
