/** Validates rule parameters from requests by building the rule itself. */
import { type FieldViolation, invalidFields } from '../../errors/domain-error.ts';
import type { ProgressionParameters } from '../../gen/progression/v1/program_service_pb.ts';
import { ParametersError, type ParameterViolation } from '../../progression/evaluation/rules/parameters.ts';
import { createRule, type RuleType } from '../../progression/evaluation/rules/rule-types.ts';
import { type JsonRule, ruleToStored } from './rule-to-stored.ts';

/** Stored names whose position in the message differs from their spelling. */
const WIRE_NAMES: Readonly<Record<string, string>> = {
  increment: 'increment.amount',
  incrementPercent: 'increment.percent',
  roundTo: 'bounds.round_to',
  rounding: 'bounds.rounding',
  minValue: 'bounds.min_value',
  maxValue: 'bounds.max_value',
};

/**
 * The rule in stored form. VALIDATION_FAILED lists every invalid parameter, with paths such as
 * `parameters.amrap_progression.thresholds[1].min_reps`.
 */
export function parametersToStored(parameters: ProgressionParameters | undefined): JsonRule {
  if (parameters?.rule.case === undefined) {
    throw invalidFields([{ field: 'parameters', description: 'is required' }]);
  }
  const rule = ruleToStored(parameters);
  try {
    createRule(rule.type, rule.parameters);
  } catch (error) {
    if (error instanceof ParametersError) {
      throw invalidFields(error.violations.map((violation) => wireViolation(rule.type, violation)));
    }
    throw error;
  }
  return rule;
}

function wireViolation(type: RuleType, { path, description }: ParameterViolation): FieldViolation {
  const names = path.split('.').map((name) => WIRE_NAMES[name] ?? snakeCase(name));
  return {
    field: ['parameters', type.toLowerCase(), ...names].join('.'),
    description: snakeCase(description),
  };
}

/** `minReps` → `min_reps`, also within a text. */
function snakeCase(text: string): string {
  return text.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
