/** The stored parameters of each rule type: camelCase, weights and shares as decimal strings. */
import type { RuleType } from '../../progression/evaluation/rules/rule-types.ts';

type StoredMaxType = 'ONE_RM' | 'TRAINING_MAX' | 'ESTIMATED_ONE_RM';
type StoredCountBy = 'SET' | 'SESSION';

/** An absent bound does not apply; results are never below 0. */
export type StoredBounds = {
  roundTo?: string;
  rounding?: 'NEAREST' | 'DOWN' | 'UP';
  minValue?: string;
  maxValue?: string;
};

/** Exactly one of the two. */
export type StoredIncrement = {
  increment?: string;
  incrementPercent?: string;
};

export type StoredStage = {
  name: string;
  sets: number;
  reps: number;
  isAmrap: boolean;
  minVolume: number;
};

type StoredParametersByType = {
  LINEAR_PROGRESSION: {
    maxType: StoredMaxType;
    triggerType: 'AFTER_SESSION' | 'AFTER_WEEK';
    requireSuccess: boolean;
    requirePerformed?: boolean;
  } & StoredIncrement &
    StoredBounds;
  CYCLE_PROGRESSION: {
    maxType: StoredMaxType;
    requireSuccess: boolean;
    requirePerformed?: boolean;
  } & StoredIncrement &
    StoredBounds;
  AMRAP_PROGRESSION: {
    maxType: StoredMaxType;
    thresholds: ({ minReps: number } & StoredIncrement)[];
  } & StoredBounds;
  DELOAD_ON_FAILURE: {
    maxType: StoredMaxType;
    failureThreshold: number;
    deloadType: 'percent' | 'fixed';
    deloadPercent?: string;
    deloadAmount?: string;
    resetOnDeload: boolean;
    countBy: StoredCountBy;
  } & StoredBounds;
  STAGE_PROGRESSION: {
    maxType: StoredMaxType;
    stages: StoredStage[];
    resetOnExhaustion: boolean;
    deloadOnReset: boolean;
    deloadPercent?: string;
    countBy: StoredCountBy;
    failBy?: 'SETS' | 'VOLUME';
  } & StoredBounds;
  DOUBLE_PROGRESSION: {
    maxType: StoredMaxType;
    triggerType: 'AFTER_SET' | 'AFTER_SESSION';
    weightIncrement: string;
    minReps: number;
    maxReps: number;
  } & StoredBounds;
  GREYSKULL_PROGRESSION: {
    maxType: StoredMaxType;
    weightIncrement: string;
    minReps: number;
    doubleThreshold: number;
    deloadPercent: string;
  } & StoredBounds;
  ESTIMATE_PROGRESSION: {
    maxType: StoredMaxType;
    formula: 'EPLEY' | 'BRZYCKI';
    maxReps: number;
  } & StoredBounds;
};

/** A rule of any type with the parameters of that type. */
export type StoredRule = {
  [T in RuleType]: { type: T; parameters: StoredParametersByType[T] };
}[RuleType];
