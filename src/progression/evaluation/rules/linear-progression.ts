/** LINEAR_PROGRESSION: adds an increment after each session of the lift, or after each week. */
import { readParameters } from './parameters.ts';
import type { Rule } from './rule.ts';
import { readScheduledIncrement } from './scheduled-increment.ts';

export function createLinearProgression(parameters: unknown): Rule {
  const reader = readParameters(parameters);
  const rule: Rule = {
    maxType: reader.maxType(),
    triggerType: reader.oneOf('triggerType', ['AFTER_SESSION', 'AFTER_WEEK']),
    countBy: null,
    stages: null,
    takesOverrideIncrement: true,
    apply: readScheduledIncrement(reader),
  };
  if (rule.triggerType === 'AFTER_SESSION' && reader.flag('requirePerformed')) {
    const why = 'goes with TRIGGER_TYPE_AFTER_WEEK only: a session says itself which lifts were performed';
    reader.violate('requirePerformed', why);
  }
  reader.finish();
  return rule;
}
