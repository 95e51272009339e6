/** Converts stored rule parameters to their message. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { enumValue } from '../../calls/enum-name.ts';
import {
  EstimateFormulaSchema,
  MaxTypeSchema,
  TriggerTypeSchema,
} from '../../gen/progression/v1/common_pb.ts';
import {
  type BoundsSchema,
  CountBySchema,
  DeloadTypeSchema,
  FailBySchema,
  type IncrementSchema,
  type ProgressionParametersSchema,
  RoundingSchema,
} from '../../gen/progression/v1/program_service_pb.ts';
import type { StoredBounds, StoredIncrement, StoredRule } from './stored-parameters.ts';

type ParametersInit = MessageInitShape<typeof ProgressionParametersSchema>;

/**
 * The inverse of parametersToStored; defaults that it filled in are explicit. Only its results are stored, so
 * the row is not validated again.
 */
export function parametersFromStored(row: { type: string; parameters: unknown }): ParametersInit {
  const { type, parameters } = row as StoredRule;
  const common = {
    maxType: enumValue(MaxTypeSchema, parameters.maxType),
    bounds: boundsFromStored(parameters),
  };
  switch (type) {
    case 'LINEAR_PROGRESSION': {
      const { triggerType, requireSuccess, requirePerformed } = parameters;
      const increment = incrementFromStored(parameters);
      const trigger = enumValue(TriggerTypeSchema, triggerType);
      const value = { ...common, triggerType: trigger, increment, requireSuccess, requirePerformed };
      return { rule: { case: 'linearProgression', value } };
    }
    case 'CYCLE_PROGRESSION': {
      const { requireSuccess, requirePerformed } = parameters;
      const increment = incrementFromStored(parameters);
      const value = { ...common, increment, requireSuccess, requirePerformed };
      return { rule: { case: 'cycleProgression', value } };
    }
    case 'AMRAP_PROGRESSION': {
      const thresholds = parameters.thresholds.map((threshold) => ({
        minReps: threshold.minReps,
        increment: incrementFromStored(threshold),
      }));
      return { rule: { case: 'amrapProgression', value: { ...common, thresholds } } };
    }
    case 'DELOAD_ON_FAILURE': {
      const { failureThreshold, deloadType, deloadPercent, deloadAmount, resetOnDeload } = parameters;
      const value = {
        ...common,
        failureThreshold,
        deloadType: enumValue(DeloadTypeSchema, deloadType.toUpperCase()),
        deloadPercent,
        deloadAmount,
        resetOnDeload,
        countBy: enumValue(CountBySchema, parameters.countBy),
      };
      return { rule: { case: 'deloadOnFailure', value } };
    }
    case 'STAGE_PROGRESSION': {
      const { stages, resetOnExhaustion, deloadOnReset, deloadPercent } = parameters;
      const countBy = enumValue(CountBySchema, parameters.countBy);
      // Rules from before sessions could be judged by volume have no failBy.
      const failBy = enumValue(FailBySchema, parameters.failBy ?? 'SETS');
      const value = { ...common, stages, resetOnExhaustion, deloadOnReset, deloadPercent, countBy, failBy };
      return { rule: { case: 'stageProgression', value } };
    }
    case 'DOUBLE_PROGRESSION': {
      const { triggerType, weightIncrement, minReps, maxReps } = parameters;
      const trigger = enumValue(TriggerTypeSchema, triggerType);
      const value = { ...common, triggerType: trigger, weightIncrement, minReps, maxReps };
      return { rule: { case: 'doubleProgression', value } };
    }
    case 'GREYSKULL_PROGRESSION': {
      const { weightIncrement, minReps, doubleThreshold, deloadPercent } = parameters;
      const value = { ...common, weightIncrement, minReps, doubleThreshold, deloadPercent };
      return { rule: { case: 'greyskullProgression', value } };
    }
    case 'ESTIMATE_PROGRESSION': {
      const { formula, maxReps } = parameters;
      const value = { ...common, formula: enumValue(EstimateFormulaSchema, formula), maxReps };
      return { rule: { case: 'estimateProgression', value } };
    }
  }
}

function incrementFromStored(stored: StoredIncrement): MessageInitShape<typeof IncrementSchema> {
  return stored.incrementPercent === undefined
    ? { kind: { case: 'amount', value: stored.increment ?? '' } }
    : { kind: { case: 'percent', value: stored.incrementPercent } };
}

function boundsFromStored(stored: StoredBounds): MessageInitShape<typeof BoundsSchema> | undefined {
  const { roundTo, rounding, minValue, maxValue } = stored;
  if (roundTo === undefined && rounding === undefined && minValue === undefined && maxValue === undefined) {
    return undefined;
  }
  return { roundTo, rounding: enumValue(RoundingSchema, rounding ?? ''), minValue, maxValue };
}
