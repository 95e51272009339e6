/** CYCLE_PROGRESSION: adds an increment when a cycle completes. */
import { readParameters } from './parameters.ts';
import type { Rule } from './rule.ts';
import { readScheduledIncrement } from './scheduled-increment.ts';

export function createCycleProgression(parameters: unknown): Rule {
  const reader = readParameters(parameters);
  const rule: Rule = {
    maxType: reader.maxType(),
    triggerType: 'AFTER_CYCLE',
    countBy: null,
    stages: null,
    takesOverrideIncrement: true,
    apply: readScheduledIncrement(reader),
  };
  reader.finish();
  return rule;
}
