/** Converts rule parameters from their message to their stored form; it validates nothing. */

import { enumName } from '../../calls/enum-name.ts';
import {
  EstimateFormulaSchema,
  MaxTypeSchema,
  TriggerTypeSchema,
} from '../../gen/progression/v1/common_pb.ts';
import {
  type Bounds,
  type CountBy,
  CountBySchema,
  type DeloadOnFailure,
  DeloadTypeSchema,
  FailBySchema,
  type Increment,
  type ProgressionParameters,
  Rounding,
  RoundingSchema,
  type StageProgression,
} from '../../gen/progression/v1/program_service_pb.ts';
import type { RuleType } from '../../progression/evaluation/rules/rule-types.ts';

/** Sets of more repetitions say little about a single one. */
const DEFAULT_ESTIMATED_REPS = 12;

/** A rule's type and JSON parameters, as in table progressions. */
export interface JsonRule {
  readonly type: RuleType;
  readonly parameters: Record<string, unknown>;
}

/** Empty fields are omitted, and unspecified ones get their documented default. */
export function ruleToStored({ rule }: ProgressionParameters): JsonRule {
  switch (rule.case) {
    case 'linearProgression': {
      const { maxType, triggerType, increment, requireSuccess, requirePerformed, bounds } = rule.value;
      return stored('LINEAR_PROGRESSION', maxType, bounds, {
        triggerType: enumName(TriggerTypeSchema, triggerType),
        ...incrementToStored(increment),
        requireSuccess,
        ...(requirePerformed && { requirePerformed }),
      });
    }
    case 'cycleProgression': {
      const { maxType, increment, requireSuccess, requirePerformed, bounds } = rule.value;
      return stored('CYCLE_PROGRESSION', maxType, bounds, {
        ...incrementToStored(increment),
        requireSuccess,
        ...(requirePerformed && { requirePerformed }),
      });
    }
    case 'amrapProgression': {
      const { maxType, thresholds, bounds } = rule.value;
      return stored('AMRAP_PROGRESSION', maxType, bounds, {
        thresholds: thresholds.map((t) => ({ minReps: t.minReps, ...incrementToStored(t.increment) })),
      });
    }
    case 'deloadOnFailure':
      return stored('DELOAD_ON_FAILURE', rule.value.maxType, rule.value.bounds, deloadToStored(rule.value));
    case 'stageProgression':
      return stored('STAGE_PROGRESSION', rule.value.maxType, rule.value.bounds, stagesToStored(rule.value));
    case 'doubleProgression': {
      const { maxType, triggerType, weightIncrement, minReps, maxReps, bounds } = rule.value;
      return stored('DOUBLE_PROGRESSION', maxType, bounds, {
        triggerType: enumName(TriggerTypeSchema, triggerType),
        weightIncrement,
        minReps,
        maxReps,
      });
    }
    case 'greyskullProgression': {
      const { maxType, weightIncrement, minReps, doubleThreshold, deloadPercent, bounds } = rule.value;
      return stored('GREYSKULL_PROGRESSION', maxType, bounds, {
        weightIncrement,
        minReps,
        doubleThreshold,
        deloadPercent,
      });
    }
    case 'estimateProgression': {
      const { maxType, formula, maxReps, bounds } = rule.value;
      return stored('ESTIMATE_PROGRESSION', maxType, bounds, {
        formula: formula === 0 ? 'EPLEY' : enumName(EstimateFormulaSchema, formula),
        maxReps: maxReps || DEFAULT_ESTIMATED_REPS,
      });
    }
    case undefined:
      throw new TypeError('parameters without a rule: the message was not validated');
  }
}

function stored(
  type: RuleType,
  maxType: number,
  bounds: Bounds | undefined,
  own: Record<string, unknown>,
): JsonRule {
  return {
    type,
    parameters: { maxType: enumName(MaxTypeSchema, maxType), ...own, ...boundsToStored(bounds) },
  };
}

function deloadToStored(rule: DeloadOnFailure) {
  return {
    failureThreshold: rule.failureThreshold,
    deloadType: enumName(DeloadTypeSchema, rule.deloadType).toLowerCase(),
    ...whereGiven('deloadPercent', rule.deloadPercent),
    ...whereGiven('deloadAmount', rule.deloadAmount),
    resetOnDeload: rule.resetOnDeload,
    countBy: countByToStored(rule.countBy),
  };
}

function stagesToStored(rule: StageProgression) {
  return {
    stages: rule.stages.map(({ name, sets, reps, isAmrap, minVolume }) => ({
      name,
      sets,
      reps,
      isAmrap,
      minVolume,
    })),
    resetOnExhaustion: rule.resetOnExhaustion,
    deloadOnReset: rule.deloadOnReset,
    ...whereGiven('deloadPercent', rule.deloadPercent),
    countBy: countByToStored(rule.countBy),
    failBy: rule.failBy === 0 ? 'SETS' : enumName(FailBySchema, rule.failBy),
  };
}

function incrementToStored(increment: Increment | undefined) {
  return increment?.kind.case === 'percent'
    ? { incrementPercent: increment.kind.value }
    : { increment: increment?.kind.value };
}

function boundsToStored(bounds: Bounds | undefined) {
  if (!bounds) {
    return {};
  }
  return {
    ...whereGiven('roundTo', bounds.roundTo),
    ...(bounds.rounding === Rounding.UNSPECIFIED
      ? {}
      : { rounding: enumName(RoundingSchema, bounds.rounding) }),
    ...whereGiven('minValue', bounds.minValue),
    ...whereGiven('maxValue', bounds.maxValue),
  };
}

function countByToStored(countBy: CountBy): string {
  return countBy === 0 ? 'SET' : enumName(CountBySchema, countBy);
}

function whereGiven(name: string, value: string) {
  return value === '' ? {} : { [name]: value };
}
