/**
 * AMRAP_PROGRESSION: adds the increment that the repetitions of an AMRAP set earned, by the highest threshold
 * reached.
 */
import { NOT_ZERO, readParameters, SIGNED_SHARE } from './parameters.ts';
import { isUnearned, type Rule, skip } from './rule.ts';
import { addIncrement, boundsFor, changeTo, readBounds, readIncrement } from './weight.ts';

const MOST_THRESHOLDS = 20;
const MOST_REPS = 1000;

export function createAmrapProgression(parameters: unknown): Rule {
  const reader = readParameters(parameters);
  const maxType = reader.maxType();
  const thresholds = reader.list('thresholds', MOST_THRESHOLDS).map((element) => ({
    reader: element,
    minReps: element.integer('minReps', 0, MOST_REPS),
    increment: readIncrement(element, NOT_ZERO, SIGNED_SHARE),
  }));
  for (const [index, { minReps, reader: element }] of thresholds.entries()) {
    if (thresholds.slice(0, index).some((earlier) => earlier.minReps === minReps)) {
      element.violate('minReps', 'must be distinct');
    }
  }
  const bounds = readBounds(reader);
  reader.finish();
  const highestFirst = thresholds.toSorted((a, b) => b.minReps - a.minReps);
  return {
    maxType,
    triggerType: 'AFTER_SET',
    countBy: null,
    stages: null,
    takesOverrideIncrement: false,
    apply(input) {
      const { currentValue, overrideBounds, isAmrap, repsPerformed } = input;
      if (repsPerformed === null) {
        return skip('REPS_MISSING');
      }
      if (!isAmrap) {
        return skip('NOT_AMRAP');
      }
      const reached = highestFirst.find((threshold) => repsPerformed >= threshold.minReps);
      if (!reached) {
        return skip('REP_THRESHOLD_NOT_MET');
      }
      const { increment } = reached;
      const size = 'amount' in increment ? increment.amount : increment.percent;
      if (size.gt(0) && isUnearned(input)) {
        return skip('TARGET_MISSED');
      }
      return changeTo(
        addIncrement(currentValue, increment, bounds),
        currentValue,
        boundsFor(bounds, overrideBounds),
      );
    },
  };
}
