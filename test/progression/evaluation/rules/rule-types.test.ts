import { describe, expect, test } from 'vitest';
import { ParametersError } from '../../../../src/progression/evaluation/rules/parameters.ts';
import { MAX_TYPES, TRIGGER_TYPES } from '../../../../src/progression/evaluation/rules/rule.ts';
import {
  createRule,
  isRuleType,
  RULE_TYPES,
  type RuleType,
} from '../../../../src/progression/evaluation/rules/rule-types.ts';
import { type Given, outcomeOf } from './rule-case.ts';

/** Parameters of each type under which READY applies. */
const PARAMETERS: Record<RuleType, object> = {
  LINEAR_PROGRESSION: { triggerType: 'AFTER_SESSION', increment: '5' },
  CYCLE_PROGRESSION: { increment: '5' },
  AMRAP_PROGRESSION: { thresholds: [{ minReps: 1, increment: '5' }] },
  DELOAD_ON_FAILURE: { failureThreshold: 1, deloadType: 'fixed', deloadAmount: '5' },
  STAGE_PROGRESSION: { stages: Array(2).fill({ name: '5x5', sets: 5, reps: 5, minVolume: 0 }) },
  DOUBLE_PROGRESSION: { weightIncrement: '5', minReps: 1, maxReps: 2 },
  GREYSKULL_PROGRESSION: { weightIncrement: '5', minReps: 1, doubleThreshold: 20, deloadPercent: '0.1' },
  ESTIMATE_PROGRESSION: { formula: 'EPLEY', maxReps: 12 },
};
const READY: Given = { at: '100', amrap: true, reps: 12, weight: '75', workReps: [12], failures: 3 };

const OWN_TRIGGERS: Record<RuleType, string> = {
  LINEAR_PROGRESSION: 'AFTER_SESSION',
  CYCLE_PROGRESSION: 'AFTER_CYCLE',
  AMRAP_PROGRESSION: 'AFTER_SET',
  DELOAD_ON_FAILURE: 'ON_FAILURE',
  STAGE_PROGRESSION: 'ON_FAILURE',
  DOUBLE_PROGRESSION: 'AFTER_SET',
  GREYSKULL_PROGRESSION: 'AFTER_SET',
  ESTIMATE_PROGRESSION: 'AFTER_SET',
};

const TYPES = Object.keys(RULE_TYPES) as RuleType[];

describe.each(TYPES)('%s', (type) => {
  const parameters = { ...PARAMETERS[type], maxType: 'TRAINING_MAX' };

  test.each(TRIGGER_TYPES)('fires for its own trigger and for a manual one: %s', (by) => {
    const answers = by === OWN_TRIGGERS[type] || by === 'MANUAL';
    const outcome = outcomeOf(type, parameters, { ...READY, by });
    expect(outcome === 'TRIGGER_TYPE_MISMATCH').toBe(!answers);
    expect(outcome).toMatch(answers ? /^(105|95|100 stage 1)$/ : /^TRIGGER_TYPE_MISMATCH$/);
  });

  test.each(MAX_TYPES)('changes a max of its own type only: %s', (maxType) => {
    const outcome = outcomeOf(type, parameters, { ...READY, maxType });
    expect(outcome === 'MAX_TYPE_MISMATCH').toBe(maxType !== 'TRAINING_MAX');
  });

  test('names the trigger before the max type', () => {
    const given: Given = { ...READY, by: 'AFTER_WEEK', maxType: 'ONE_RM' };
    expect(outcomeOf(type, parameters, given)).toBe('TRIGGER_TYPE_MISMATCH');
  });

  test('checks the max type for a manual trigger, too', () => {
    expect(outcomeOf(type, parameters, { ...READY, by: 'MANUAL', maxType: 'ONE_RM' })).toBe(
      'MAX_TYPE_MISMATCH',
    );
  });

  test.each([null, undefined, 'text', 5, []])('cannot be made of %j', (notParameters) => {
    expect(() => createRule(type, notParameters)).toThrow(ParametersError);
  });
});

test('a rule type is found by its exact name only', () => {
  expect(TYPES.every(isRuleType)).toBe(true);
  expect(['linear_progression', '', 'toString', '__proto__', 'LINEAR'].some(isRuleType)).toBe(false);
});
