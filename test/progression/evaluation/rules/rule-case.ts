/** Scenario tables for rules: one line per case, outcomes as text. */
import { Decimal } from 'decimal.js';
import { expect, test } from 'vitest';
import { ParametersError } from '../../../../src/progression/evaluation/rules/parameters.ts';
import type { MaxType, RuleInput, TriggerType } from '../../../../src/progression/evaluation/rules/rule.ts';
import {
  applyRule,
  createRule,
  type RuleType,
} from '../../../../src/progression/evaluation/rules/rule-types.ts';

/** The input of a rule; what is left out has its default. */
export interface Given {
  /** The current max. */
  readonly at: string;
  /** Default: the rule's own trigger. */
  readonly by?: TriggerType;
  /** Default: the rule's own max type. */
  readonly maxType?: MaxType;
  readonly override?: string;
  readonly missed?: boolean;
  /** Default: true. */
  readonly performed?: boolean;
  readonly amrap?: boolean;
  readonly reps?: number;
  /** Of the set of the repetitions. */
  readonly weight?: string;
  readonly workReps?: readonly number[];
  /** A set of the repetitions was below its target weight. */
  readonly light?: boolean;
  readonly failures?: number;
  readonly stage?: number;
}

type Parameters = Readonly<Record<string, unknown>>;

/** `outcome` is a reason, or the new value, then `stage N` and `resets` where they apply. */
export type RuleCase = readonly [title: string, parameters: Parameters, given: Given, outcome: string];

/** `paths` are the violations' paths in order, each once. */
export type RefusedCase = readonly [title: string, parameters: unknown, paths: readonly string[]];

/** One test per line. `base` is what the lines' parameters have in common. */
export function testRule(type: RuleType, base: Parameters, cases: readonly RuleCase[]): void {
  for (const [title, parameters, given, outcome] of cases) {
    test(title, () => {
      expect(outcomeOf(type, { ...base, ...parameters }, given)).toBe(outcome);
    });
  }
}

/** One test per line: parameters that no rule can be made of. */
export function testRefused(type: RuleType, base: Parameters, cases: readonly RefusedCase[]): void {
  for (const [title, parameters, paths] of cases) {
    test(`refuses ${title}`, () => {
      expect(violatedPaths(type, isObject(parameters) ? { ...base, ...parameters } : parameters)).toEqual(
        paths,
      );
    });
  }
}

export function outcomeOf(type: RuleType, parameters: unknown, given: Given): string {
  const rule = createRule(type, parameters);
  const input: RuleInput = {
    triggerType: given.by ?? rule.triggerType,
    maxType: given.maxType ?? rule.maxType,
    currentValue: new Decimal(given.at),
    overrideIncrement: given.override === undefined ? null : new Decimal(given.override),
    targetMissed: given.missed ?? false,
    wasPerformed: given.performed ?? true,
    isAmrap: given.amrap ?? false,
    repsPerformed: given.reps ?? null,
    weightPerformed: given.weight === undefined ? null : new Decimal(given.weight),
    workSetReps: given.workReps ?? [],
    isTooLight: given.light ?? false,
    consecutiveFailures: given.failures ?? null,
    stage: given.stage ?? 0,
  };
  const outcome = applyRule(rule, input);
  if (!outcome.applied) {
    return outcome.reason;
  }
  const stage = outcome.stage === undefined ? '' : ` stage ${outcome.stage}`;
  return outcome.newValue.toFixed() + stage + (outcome.resetsFailures ? ' resets' : '');
}

/** The paths of all violations, each once; empty when a rule can be made. */
export function violatedPaths(type: RuleType, parameters: unknown): string[] {
  return [...new Set(violationsOf(() => createRule(type, parameters)).map(({ path }) => path))];
}

/** What `read` throws as violations; anything else it throws comes through. */
export function violationsOf(read: () => unknown): ParametersError['violations'] {
  try {
    read();
  } catch (error) {
    if (error instanceof ParametersError) {
      return error.violations;
    }
    throw error;
  }
  return [];
}

function isObject(value: unknown): value is Parameters {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
