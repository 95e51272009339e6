/** The interface of a progression rule: a type, parameters, and one pure decision. */
import type { Decimal } from 'decimal.js';

export const MAX_TYPES = ['ONE_RM', 'TRAINING_MAX', 'ESTIMATED_ONE_RM'] as const;
export type MaxType = (typeof MAX_TYPES)[number];

export const TRIGGER_TYPES = [
  'AFTER_SESSION',
  'AFTER_WEEK',
  'AFTER_CYCLE',
  'AFTER_SET',
  'ON_FAILURE',
  'MANUAL',
] as const;
export type TriggerType = (typeof TRIGGER_TYPES)[number];

/** Whether a failed set, or a session with a failed set, counts as one failure. */
export type CountBy = 'SET' | 'SESSION';

/** What a session has to reach: each set its target, or all of them the stage's volume. */
export type FailBy = 'SETS' | 'VOLUME';

/** Why a rule did not apply; the wire's ResultReason without APPLIED. */
export type SkipReason =
  | 'DISABLED'
  | 'LIFT_NOT_PERFORMED'
  | 'TRIGGER_TYPE_MISMATCH'
  | 'MAX_TYPE_MISMATCH'
  | 'NO_CURRENT_MAX'
  | 'TARGET_MISSED'
  | 'FAILURE_THRESHOLD_NOT_MET'
  | 'REP_THRESHOLD_NOT_MET'
  | 'REP_CEILING_NOT_REACHED'
  | 'NOT_AMRAP'
  | 'STAGES_EXHAUSTED'
  | 'AT_LIMIT'
  | 'ALREADY_APPLIED'
  | 'SUPERSEDED_BY_DELOAD'
  | 'REPS_MISSING'
  | 'FAILURE_COUNT_MISSING'
  | 'OFF_FOR_ATHLETE'
  | 'NOT_PERFORMED'
  | 'SESSION_ALREADY_COMPLETED'
  | 'ESTIMATE_NOT_HIGHER';

/** What a rule may look at: the lift's current max, and what the event says about the lift. */
export interface RuleInput {
  /** MANUAL replaces the rule's own trigger, and its conditions on success and failures. */
  readonly triggerType: TriggerType;
  /** The type of the max that currentValue is. */
  readonly maxType: MaxType;
  readonly currentValue: Decimal;
  /** Replaces the rule's increment; null: no override. */
  readonly overrideIncrement: Decimal | null;
  /** Replace the rule's floor and ceiling where they are not null; absent: none does. */
  readonly overrideBounds?:
    | { readonly minValue: Decimal | null; readonly maxValue: Decimal | null }
    | undefined;
  /** A work set of the lift missed its target in the period that the trigger closes. */
  readonly targetMissed: boolean;
  /** Whether a work set of the lift was logged in the week or cycle that the trigger closes. */
  readonly wasPerformed: boolean;
  /** Whether the set that fired the trigger is an AMRAP set. */
  readonly isAmrap: boolean;
  /** Repetitions of the set that fired the trigger; null when there is none. */
  readonly repsPerformed: number | null;
  /** The weight of that set; null when there is none. */
  readonly weightPerformed: Decimal | null;
  /** Repetitions of each work set of the lift in the session. */
  readonly workSetReps: readonly number[];
  /** A set that the repetitions are of was below its target weight. */
  readonly isTooLight: boolean;
  /** Consecutive failures, including this one; null when they are not counted. */
  readonly consecutiveFailures: number | null;
  /** The athlete's stage, from 0. */
  readonly stage: number;
}

export type RuleOutcome =
  | {
      readonly applied: true;
      readonly newValue: Decimal;
      /** The new stage; undefined for rules without stages. */
      readonly stage?: number;
      /** Whether the failure counter is reset. */
      readonly resetsFailures?: boolean;
    }
  | { readonly applied: false; readonly reason: SkipReason };

export function skip(reason: SkipReason): RuleOutcome {
  return { applied: false, reason };
}

/** Repetitions at less than the target weight earn no increment; a person may see that otherwise. */
export function isUnearned({ isTooLight, triggerType }: RuleInput): boolean {
  return isTooLight && triggerType !== 'MANUAL';
}

/** A stage's prescription in coaches' notation: 5x3+ is five sets of three, the last one AMRAP. */
export interface StageParameters {
  readonly name: string;
  readonly sets: number;
  readonly reps: number;
  readonly isAmrap: boolean;
  readonly minVolume: number;
}

/** A rule with parsed parameters. */
export interface Rule {
  readonly maxType: MaxType;
  readonly triggerType: TriggerType;
  /** What counts as one failure; null for rules that do not fire on failures. */
  readonly countBy: CountBy | null;
  /** The stages of a stage progression; null for other rules. */
  readonly stages: readonly StageParameters[] | null;
  /** VOLUME: the stage's volume decides whether a session of the lift met its target. */
  readonly failBy?: FailBy;
  /** Whether the weight of a set decides, with a target weight and without. */
  readonly weighsSets?: boolean;
  /** Whether a program row may override the increment. */
  readonly takesOverrideIncrement: boolean;
  apply(input: RuleInput): RuleOutcome;
}
