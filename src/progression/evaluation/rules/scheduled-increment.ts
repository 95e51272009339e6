/** What linear and cycle progressions share: an increment at the end of a period, held when a target was missed. */
import type { ParameterReader } from './parameters.ts';
import { type RuleInput, type RuleOutcome, skip } from './rule.ts';
import { addIncrement, boundsFor, changeTo, readBounds, readIncrement } from './weight.ts';

/** Reads the increment, requireSuccess, requirePerformed and the bounds; what comes back applies them. */
export function readScheduledIncrement(reader: ParameterReader): (input: RuleInput) => RuleOutcome {
  const increment = readIncrement(reader);
  const requireSuccess = reader.flag('requireSuccess');
  const requirePerformed = reader.flag('requirePerformed');
  const bounds = readBounds(reader);
  return ({ currentValue, overrideBounds, overrideIncrement, triggerType, ...facts }) => {
    if (requirePerformed && !facts.wasPerformed && triggerType !== 'MANUAL') {
      return skip('NOT_PERFORMED');
    }
    if (requireSuccess && facts.targetMissed && triggerType !== 'MANUAL') {
      return skip('TARGET_MISSED');
    }
    const chosen = overrideIncrement ? { amount: overrideIncrement } : increment;
    return changeTo(
      addIncrement(currentValue, chosen, bounds),
      currentValue,
      boundsFor(bounds, overrideBounds),
    );
  };
}
