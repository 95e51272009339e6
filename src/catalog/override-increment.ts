/** Override increments: a weight above 0, for rules that have an increment to override. */
import { Decimal } from 'decimal.js';
import { invalidFields } from '../domain-error.ts';
import { createRule, isRuleType } from '../progression/rules/rule-types.ts';
import type { Progression } from '../store/entities/progression.ts';

const FIELD = 'override_increment';

/** The weight in a request; null for an empty one. VALIDATION_FAILED when it is not above 0. */
export function readOverrideIncrement(text: string): Decimal | null {
  if (text === '') {
    return null;
  }
  const increment = new Decimal(text);
  if (!increment.gt(0)) {
    throw invalidFields([{ field: FIELD, description: 'must be above 0' }]);
  }
  return increment;
}

/** VALIDATION_FAILED when the rule's type has no increment. */
export function requireIncrement({ type, parameters }: Progression): void {
  if (!isRuleType(type) || !createRule(type, parameters).takesOverrideIncrement) {
    throw invalidFields([{ field: FIELD, description: `a ${type} has no increment to override` }]);
  }
}
