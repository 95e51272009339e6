/** Parameters of rules between wire and storage. */
import { create, toJson } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { parametersToStored } from '../../../src/catalog/rules/progression-parameters.ts';
import { parametersFromStored } from '../../../src/catalog/rules/rule-from-stored.ts';
import { DomainError } from '../../../src/errors/domain-error.ts';
import { EstimateFormula, MaxType, TriggerType } from '../../../src/gen/progression/v1/common_pb.ts';
import {
  CountBy,
  DeloadType,
  FailBy,
  ProgressionParametersSchema,
  Rounding,
} from '../../../src/gen/progression/v1/program_service_pb.ts';
import type { RuleParameters } from '../../support/catalog-fixtures.ts';

const { TRAINING_MAX } = MaxType;

function amount(value: string) {
  return { kind: { case: 'amount', value } } as const;
}

function percent(value: string) {
  return { kind: { case: 'percent', value } } as const;
}

interface Case {
  rule: RuleParameters['rule'];
  type: string;
  parameters: Record<string, unknown>;
}

const CASES: Record<string, Case> = {
  'a linear progression': {
    rule: {
      case: 'linearProgression',
      value: {
        maxType: TRAINING_MAX,
        triggerType: TriggerType.AFTER_WEEK,
        increment: percent('0.025'),
        requireSuccess: true,
        bounds: { roundTo: '2.5', rounding: Rounding.DOWN, minValue: '20', maxValue: '200' },
      },
    },
    type: 'LINEAR_PROGRESSION',
    parameters: {
      maxType: 'TRAINING_MAX',
      triggerType: 'AFTER_WEEK',
      incrementPercent: '0.025',
      requireSuccess: true,
      roundTo: '2.5',
      rounding: 'DOWN',
      minValue: '20',
      maxValue: '200',
    },
  },
  'a cycle progression': {
    rule: {
      case: 'cycleProgression',
      value: { maxType: MaxType.ONE_RM, increment: amount('5'), bounds: { roundTo: '5' } },
    },
    type: 'CYCLE_PROGRESSION',
    parameters: { maxType: 'ONE_RM', increment: '5', requireSuccess: false, roundTo: '5' },
  },
  'an AMRAP progression with a negative increment': {
    rule: {
      case: 'amrapProgression',
      value: {
        maxType: MaxType.ESTIMATED_ONE_RM,
        thresholds: [
          { minReps: 0, increment: percent('-0.05') },
          { minReps: 4, increment: amount('2.5') },
        ],
      },
    },
    type: 'AMRAP_PROGRESSION',
    parameters: {
      maxType: 'ESTIMATED_ONE_RM',
      thresholds: [
        { minReps: 0, incrementPercent: '-0.05' },
        { minReps: 4, increment: '2.5' },
      ],
    },
  },
  'a deload by a share': {
    rule: {
      case: 'deloadOnFailure',
      value: {
        maxType: TRAINING_MAX,
        failureThreshold: 3,
        deloadType: DeloadType.PERCENT,
        deloadPercent: '0.1',
        resetOnDeload: true,
        countBy: CountBy.SESSION,
        bounds: { rounding: Rounding.NEAREST },
      },
    },
    type: 'DELOAD_ON_FAILURE',
    parameters: {
      maxType: 'TRAINING_MAX',
      failureThreshold: 3,
      deloadType: 'percent',
      deloadPercent: '0.1',
      resetOnDeload: true,
      countBy: 'SESSION',
      rounding: 'NEAREST',
    },
  },
  'a deload by a weight': {
    rule: {
      case: 'deloadOnFailure',
      value: {
        maxType: TRAINING_MAX,
        failureThreshold: 1,
        deloadType: DeloadType.FIXED,
        deloadAmount: '7.5',
        countBy: CountBy.SET,
      },
    },
    type: 'DELOAD_ON_FAILURE',
    parameters: {
      maxType: 'TRAINING_MAX',
      failureThreshold: 1,
      deloadType: 'fixed',
      deloadAmount: '7.5',
      resetOnDeload: false,
      countBy: 'SET',
    },
  },
  'a stage progression': {
    rule: {
      case: 'stageProgression',
      value: {
        maxType: TRAINING_MAX,
        stages: [
          { name: '5x3+', sets: 5, reps: 3, isAmrap: true, minVolume: 15 },
          { name: '6x2', sets: 6, reps: 2 },
        ],
        resetOnExhaustion: true,
        deloadOnReset: true,
        deloadPercent: '0.15',
        countBy: CountBy.SESSION,
        failBy: FailBy.SETS,
      },
    },
    type: 'STAGE_PROGRESSION',
    parameters: {
      maxType: 'TRAINING_MAX',
      stages: [
        { name: '5x3+', sets: 5, reps: 3, isAmrap: true, minVolume: 15 },
        { name: '6x2', sets: 6, reps: 2, isAmrap: false, minVolume: 0 },
      ],
      resetOnExhaustion: true,
      deloadOnReset: true,
      deloadPercent: '0.15',
      countBy: 'SESSION',
      failBy: 'SETS',
    },
  },
  'a stage progression by volume': {
    rule: {
      case: 'stageProgression',
      value: {
        maxType: TRAINING_MAX,
        stages: [{ name: '3x10', sets: 3, reps: 10, minVolume: 30 }],
        countBy: CountBy.SESSION,
        failBy: FailBy.VOLUME,
      },
    },
    type: 'STAGE_PROGRESSION',
    parameters: {
      maxType: 'TRAINING_MAX',
      stages: [{ name: '3x10', sets: 3, reps: 10, isAmrap: false, minVolume: 30 }],
      resetOnExhaustion: false,
      deloadOnReset: false,
      countBy: 'SESSION',
      failBy: 'VOLUME',
    },
  },
  'a cycle that requires a performance': {
    rule: {
      case: 'cycleProgression',
      value: { maxType: TRAINING_MAX, increment: amount('5'), requirePerformed: true },
    },
    type: 'CYCLE_PROGRESSION',
    parameters: { maxType: 'TRAINING_MAX', increment: '5', requireSuccess: false, requirePerformed: true },
  },
  'a double progression': {
    rule: {
      case: 'doubleProgression',
      value: {
        maxType: TRAINING_MAX,
        triggerType: TriggerType.AFTER_SET,
        weightIncrement: '2.5',
        minReps: 8,
        maxReps: 12,
      },
    },
    type: 'DOUBLE_PROGRESSION',
    parameters: {
      maxType: 'TRAINING_MAX',
      triggerType: 'AFTER_SET',
      weightIncrement: '2.5',
      minReps: 8,
      maxReps: 12,
    },
  },
  'a Greyskull progression': {
    rule: {
      case: 'greyskullProgression',
      value: {
        maxType: TRAINING_MAX,
        weightIncrement: '2.5',
        minReps: 5,
        doubleThreshold: 10,
        deloadPercent: '0.1',
        bounds: { roundTo: '2.5', rounding: Rounding.UP },
      },
    },
    type: 'GREYSKULL_PROGRESSION',
    parameters: {
      maxType: 'TRAINING_MAX',
      weightIncrement: '2.5',
      minReps: 5,
      doubleThreshold: 10,
      deloadPercent: '0.1',
      roundTo: '2.5',
      rounding: 'UP',
    },
  },
  'an estimate progression': {
    rule: {
      case: 'estimateProgression',
      value: { maxType: MaxType.ESTIMATED_ONE_RM, formula: EstimateFormula.BRZYCKI, maxReps: 10 },
    },
    type: 'ESTIMATE_PROGRESSION',
    parameters: { maxType: 'ESTIMATED_ONE_RM', formula: 'BRZYCKI', maxReps: 10 },
  },
};

describe.each(Object.entries(CASES))('%s', (_name, { rule, type, parameters }) => {
  const message = create(ProgressionParametersSchema, { rule });

  it('is stored under its type, without empty fields', () => {
    expect(parametersToStored(message)).toEqual({ type, parameters });
  });

  it('is read back as it was sent', () => {
    const returned = create(ProgressionParametersSchema, parametersFromStored({ type, parameters }));
    expect(toJson(ProgressionParametersSchema, returned)).toEqual(
      toJson(ProgressionParametersSchema, message),
    );
  });
});

describe('an unspecified field', () => {
  it('counts failures by set', () => {
    const value = {
      maxType: TRAINING_MAX,
      failureThreshold: 1,
      deloadType: DeloadType.FIXED,
      deloadAmount: '5',
    };
    const message = create(ProgressionParametersSchema, { rule: { case: 'deloadOnFailure', value } });
    expect(parametersToStored(message).parameters).toMatchObject({ countBy: 'SET' });
  });

  it('of bounds is stored as no bound, and is read back as none', () => {
    const value = { maxType: TRAINING_MAX, increment: amount('5'), bounds: {} };
    const message = create(ProgressionParametersSchema, { rule: { case: 'cycleProgression', value } });
    const rule = parametersToStored(message);
    expect(rule.parameters).toEqual({ maxType: 'TRAINING_MAX', increment: '5', requireSuccess: false });
    const returned = create(ProgressionParametersSchema, parametersFromStored(rule));
    expect(returned.rule.value?.bounds).toBeUndefined();
  });
});

function violationsOf(rule: RuleParameters['rule']): Record<string, string> {
  try {
    parametersToStored(create(ProgressionParametersSchema, { rule }));
  } catch (error) {
    if (error instanceof DomainError && error.reason === 'VALIDATION_FAILED') {
      return Object.fromEntries(error.violations.map(({ field, description }) => [field, description]));
    }
    throw error;
  }
  return {};
}

describe('invalid parameters are refused with the field:', () => {
  it('a performance that is required after sessions, a volume that single sets would be judged by', () => {
    const linear = {
      maxType: TRAINING_MAX,
      triggerType: TriggerType.AFTER_SESSION,
      increment: amount('5'),
      requirePerformed: true,
    };
    expect(violationsOf({ case: 'linearProgression', value: linear })).toEqual({
      'parameters.linear_progression.require_performed': expect.stringContaining('TRIGGER_TYPE_AFTER_WEEK'),
    });
    const stages = {
      maxType: TRAINING_MAX,
      stages: [{ name: '3x10', sets: 3, reps: 10 }],
      failBy: FailBy.VOLUME,
    };
    expect(violationsOf({ case: 'stageProgression', value: stages })).toEqual({
      'parameters.stage_progression.fail_by': expect.stringContaining('COUNT_BY_SESSION'),
      'parameters.stage_progression.stages[0].min_volume': expect.stringContaining('at least 1'),
    });
  });

  it('no rule at all', () => {
    expect(violationsOf({ case: undefined })).toEqual({ parameters: 'is required' });
    expect(() => parametersToStored(undefined)).toThrow('parameters: is required');
  });

  it('increments of 0 and below, contradictory bounds, a step of 0', () => {
    const bounds = { roundTo: '0', minValue: '100', maxValue: '90' };
    const value = {
      maxType: TRAINING_MAX,
      triggerType: TriggerType.AFTER_SESSION,
      increment: amount('-2.5'),
      bounds,
    };
    expect(violationsOf({ case: 'linearProgression', value })).toEqual({
      'parameters.linear_progression.increment.amount': 'must be above 0',
      'parameters.linear_progression.bounds.max_value': 'must be at least min_value',
      'parameters.linear_progression.bounds.round_to': 'must be above 0',
    });
  });

  it.each(['0', '1.000001', '-0.1'])('a share of %s', (share) => {
    const value = { maxType: TRAINING_MAX, increment: percent(share) };
    expect(violationsOf({ case: 'cycleProgression', value })).toEqual({
      'parameters.cycle_progression.increment.percent': 'must be above 0 and at most 1',
    });
  });

  it('repeated AMRAP thresholds, and increments of 0', () => {
    const thresholds = [
      { minReps: 2, increment: amount('5') },
      { minReps: 2, increment: amount('0') },
      { minReps: 4, increment: percent('-1.5') },
    ];
    expect(violationsOf({ case: 'amrapProgression', value: { maxType: TRAINING_MAX, thresholds } })).toEqual({
      'parameters.amrap_progression.thresholds[1].min_reps': 'must be distinct',
      'parameters.amrap_progression.thresholds[1].increment.amount': 'must be other than 0',
      'parameters.amrap_progression.thresholds[2].increment.percent': 'must be from -1 to 1 and other than 0',
    });
  });

  it('a deload without its amount, and one with the amount of the other type', () => {
    const common = { maxType: TRAINING_MAX, failureThreshold: 1 };
    const byShare = { ...common, deloadType: DeloadType.PERCENT, deloadAmount: '5' };
    const byWeight = { ...common, deloadType: DeloadType.FIXED, deloadAmount: '0', deloadPercent: '0.1' };
    expect(violationsOf({ case: 'deloadOnFailure', value: byShare })).toEqual({
      'parameters.deload_on_failure.deload_percent': 'is required and must be above 0 and at most 1',
      'parameters.deload_on_failure.deload_amount': 'does not go with deload_type percent',
    });
    expect(violationsOf({ case: 'deloadOnFailure', value: byWeight })).toEqual({
      'parameters.deload_on_failure.deload_amount': 'must be above 0',
      'parameters.deload_on_failure.deload_percent': 'does not go with deload_type fixed',
    });
  });

  it('stages that start over lighter without an amount', () => {
    const stages = [{ name: '5x3', sets: 5, reps: 3 }];
    const value = { maxType: TRAINING_MAX, stages, resetOnExhaustion: true, deloadOnReset: true };
    expect(violationsOf({ case: 'stageProgression', value })).toEqual({
      'parameters.stage_progression.deload_percent': 'is required and must be above 0 and at most 1',
    });
  });

  it('a range of repetitions whose top is below its bottom', () => {
    const value = {
      maxType: TRAINING_MAX,
      triggerType: TriggerType.AFTER_SET,
      weightIncrement: '0',
      minReps: 12,
      maxReps: 8,
    };
    expect(violationsOf({ case: 'doubleProgression', value })).toEqual({
      'parameters.double_progression.weight_increment': 'must be above 0',
      'parameters.double_progression.min_reps': 'must be at most max_reps',
    });
  });

  it('a threshold of the double increment below that of the increment', () => {
    const value = {
      maxType: TRAINING_MAX,
      weightIncrement: '2.5',
      minReps: 5,
      doubleThreshold: 5,
      deloadPercent: '1.1',
    };
    expect(violationsOf({ case: 'greyskullProgression', value })).toEqual({
      'parameters.greyskull_progression.deload_percent': 'must be above 0 and at most 1',
      'parameters.greyskull_progression.double_threshold': 'must be above min_reps',
    });
  });
});
