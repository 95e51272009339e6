/** Runs vectors: single applications of one rule, without a server. */
import { Decimal } from 'decimal.js';
import type { MaxType, RuleInput, TriggerType } from '../../src/progression/evaluation/rules/rule.ts';
import { applyRule, createRule, type RuleType } from '../../src/progression/evaluation/rules/rule-types.ts';
import type { Vector } from './oracle-files.ts';
import { decimalText, type Parameters, ruleTypeOf, storedParameters } from './recorded-parameters.ts';

/** The difference from the recording, or null. Throws the error of a rule that cannot be created. */
export function checkVector(vector: Vector): string | null {
  const recorded = vector.expect;
  const actual = runVector(vector);
  const differences = [
    difference('applied', recorded.applied, actual.applied),
    recorded.reason === undefined ? null : difference('reason', recorded.reason, actual.reason),
    difference('newValue', decimalText(recorded.newValue), actual.newValue.toFixed()),
    difference('delta', decimalText(recorded.delta), actual.delta.toFixed()),
    recorded.stageBefore === undefined
      ? null
      : difference('stageBefore', recorded.stageBefore, actual.stageBefore),
    recorded.stageAfter === undefined
      ? null
      : difference('stageAfter', recorded.stageAfter, actual.stageAfter),
  ];
  return differences.filter((text) => text !== null).join('; ') || null;
}

function runVector({ progression, context }: Vector) {
  const type = ruleTypeOf(progression.type);
  const rule = createRule(type, vectorParameters(type, progression.parameters, context.trigger.maxReps));
  const stageBefore = Number(progression.parameters.currentStage ?? 0);
  const input = inputOf(context, stageBefore);
  const outcome = applyRule(rule, input);
  const newValue = outcome.applied ? outcome.newValue : input.currentValue;
  return {
    applied: outcome.applied,
    reason: outcome.applied ? 'none' : outcome.reason,
    newValue,
    delta: newValue.minus(input.currentValue),
    stageBefore,
    stageAfter: (outcome.applied ? outcome.stage : undefined) ?? stageBefore,
  };
}

/** A recording has the ceiling of a double progression in the set; this service's rule needs a range. */
function vectorParameters(
  type: RuleType,
  recorded: Parameters,
  maxReps: number | null | undefined,
): Parameters {
  const parameters = storedParameters(type, recorded);
  return type === 'DOUBLE_PROGRESSION' ? { minReps: 1, maxReps: maxReps ?? 1, ...parameters } : parameters;
}

function inputOf(context: Vector['context'], stage: number): RuleInput {
  const { trigger, currentValue, overrideIncrement } = context;
  const repsPerformed = trigger.repsPerformed ?? null;
  return {
    triggerType: trigger.type as TriggerType,
    maxType: context.maxType as MaxType,
    currentValue: new Decimal(currentValue),
    overrideIncrement: overrideIncrement ? new Decimal(overrideIncrement) : null,
    targetMissed: false,
    wasPerformed: true,
    isAmrap: trigger.isAMRAP ?? false,
    repsPerformed,
    weightPerformed: null,
    workSetReps: repsPerformed === null ? [] : [repsPerformed],
    isTooLight: false,
    consecutiveFailures: trigger.consecutiveFailures ?? null,
    stage,
  };
}

function difference<T extends string | number | boolean>(what: string, expected: T, got: T): string | null {
  return expected === got ? null : `expected ${what} ${expected}, got ${got}`;
}
