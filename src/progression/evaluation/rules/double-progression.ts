/** DOUBLE_PROGRESSION: adds weight when the repetitions reach the top of their range. */
import { POSITIVE, readParameters } from './parameters.ts';
import { isUnearned, type Rule, type RuleInput, skip } from './rule.ts';
import { boundsFor, changeTo, readBounds } from './weight.ts';

export function createDoubleProgression(parameters: unknown): Rule {
  const reader = readParameters(parameters);
  const maxType = reader.maxType();
  const triggerType = reader.oneOf('triggerType', ['AFTER_SET', 'AFTER_SESSION'], 'AFTER_SET');
  const weightIncrement = reader.requiredDecimal('weightIncrement', POSITIVE);
  const minReps = reader.integer('minReps', 1, 1000);
  const maxReps = reader.integer('maxReps', 1, 1000);
  if (minReps > maxReps) {
    reader.violate('minReps', 'must be at most maxReps');
  }
  const bounds = readBounds(reader);
  reader.finish();
  const countedReps = (input: RuleInput): readonly number[] => {
    if (triggerType === 'AFTER_SESSION') {
      return input.workSetReps;
    }
    return input.repsPerformed === null ? [] : [input.repsPerformed];
  };
  return {
    maxType,
    triggerType,
    countBy: null,
    stages: null,
    takesOverrideIncrement: true,
    apply(input) {
      const reps = countedReps(input);
      if (reps.length === 0) {
        return skip('REPS_MISSING');
      }
      if (reps.some((performed) => performed < maxReps)) {
        return skip('REP_CEILING_NOT_REACHED');
      }
      if (isUnearned(input)) {
        return skip('TARGET_MISSED');
      }
      const target = input.currentValue.plus(input.overrideIncrement ?? weightIncrement);
      return changeTo(target, input.currentValue, boundsFor(bounds, input.overrideBounds));
    },
  };
}
