/** DELOAD_ON_FAILURE: reduces the max after consecutive failures. */

import type { ParameterReader } from './parameters.ts';
import { POSITIVE, readParameters, SHARE } from './parameters.ts';
import { type Rule, skip } from './rule.ts';
import { addIncrement, boundsFor, changeTo, type Increment, readBounds } from './weight.ts';

export function createDeloadOnFailure(parameters: unknown): Rule {
  const reader = readParameters(parameters);
  const maxType = reader.maxType();
  const failureThreshold = reader.integer('failureThreshold', 1, 100);
  const deload = readDeload(reader);
  const resetsFailures = reader.flag('resetOnDeload');
  const countBy = reader.countBy();
  const bounds = readBounds(reader);
  reader.finish();
  return {
    maxType,
    triggerType: 'ON_FAILURE',
    countBy,
    stages: null,
    takesOverrideIncrement: false,
    apply({ currentValue, overrideBounds, consecutiveFailures, triggerType }) {
      if (triggerType !== 'MANUAL') {
        if (consecutiveFailures === null) {
          return skip('FAILURE_COUNT_MISSING');
        }
        if (consecutiveFailures < failureThreshold) {
          return skip('FAILURE_THRESHOLD_NOT_MET');
        }
      }
      return changeTo(
        addIncrement(currentValue, deload, bounds),
        currentValue,
        boundsFor(bounds, overrideBounds),
        { resetsFailures },
      );
    },
  };
}

/** The deload as a negative increment; the field of the other deload type must be absent. */
function readDeload(reader: ParameterReader): Increment {
  const deloadType = reader.oneOf('deloadType', ['percent', 'fixed']);
  const own = deloadType === 'percent' ? 'deloadPercent' : 'deloadAmount';
  const other = deloadType === 'percent' ? 'deloadAmount' : 'deloadPercent';
  const size = reader.requiredDecimal(own, deloadType === 'percent' ? SHARE : POSITIVE);
  if (reader.decimal(other, POSITIVE) !== null) {
    reader.violate(other, `does not go with deloadType ${deloadType}`);
  }
  return deloadType === 'percent' ? { percent: size.neg() } : { amount: size.neg() };
}
