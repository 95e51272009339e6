/** The closed table of rule types. To add one: its file, a row here, the proto oneof and its mapping. */
import { createAmrapProgression } from './amrap-progression.ts';
import { createCycleProgression } from './cycle-progression.ts';
import { createDeloadOnFailure } from './deload-on-failure.ts';
import { createDoubleProgression } from './double-progression.ts';
import { createEstimateProgression } from './estimate-progression.ts';
import { createGreyskullProgression } from './greyskull-progression.ts';
import { createLinearProgression } from './linear-progression.ts';
import { type Rule, type RuleInput, type RuleOutcome, skip } from './rule.ts';
import { createStageProgression } from './stage-progression.ts';

export const RULE_TYPES = {
  LINEAR_PROGRESSION: createLinearProgression,
  CYCLE_PROGRESSION: createCycleProgression,
  AMRAP_PROGRESSION: createAmrapProgression,
  DELOAD_ON_FAILURE: createDeloadOnFailure,
  STAGE_PROGRESSION: createStageProgression,
  DOUBLE_PROGRESSION: createDoubleProgression,
  GREYSKULL_PROGRESSION: createGreyskullProgression,
  ESTIMATE_PROGRESSION: createEstimateProgression,
} as const satisfies Record<string, (parameters: unknown) => Rule>;

export type RuleType = keyof typeof RULE_TYPES;

export function isRuleType(type: string): type is RuleType {
  return Object.hasOwn(RULE_TYPES, type);
}

/** Builds a rule from stored parameters. Throws a ParametersError with all violations. */
export function createRule(type: RuleType, parameters: unknown): Rule {
  return RULE_TYPES[type](parameters);
}

/**
 * Applies a rule to one lift max, or says why it does not apply. The input determines whether trigger and max
 * type match.
 */
export function applyRule(rule: Rule, input: RuleInput): RuleOutcome {
  if (input.triggerType !== 'MANUAL' && input.triggerType !== rule.triggerType) {
    return skip('TRIGGER_TYPE_MISMATCH');
  }
  if (input.maxType !== rule.maxType) {
    return skip('MAX_TYPE_MISMATCH');
  }
  return rule.apply(input);
}
