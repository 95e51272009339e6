/** What an event does: the engine's decision, before anything is written. */
import type { Decimal } from 'decimal.js';
import type { Instant } from '../../values/instant.ts';
import type { MaxType, SkipReason, StageParameters, TriggerType } from './rules/rule.ts';
import type { FailureCount } from './snapshot.ts';
import type { TriggerContext } from './triggers/trigger.ts';

/** A change of one lift max, to be stored as a version and a log row. */
export interface Application {
  readonly triggerKey: string;
  readonly context: TriggerContext;
  readonly appliedAt: Instant;
  readonly version: number;
  readonly previousValue: Decimal;
  readonly newValue: Decimal;
  /** The failure count that the application set to 0; null: it did not. */
  readonly failuresBefore: number | null;
  /** The stage that the application left, and the one it went to; null: it did not. */
  readonly stageBefore: number | null;
  readonly stageAfter: number | null;
}

/** A stage and its prescription. */
export interface CurrentStage extends StageParameters {
  readonly index: number;
}

/** What one rule did to one lift, or why it did nothing. */
export interface RuleResult {
  readonly programProgressionId: string;
  /** What the row was overridden by for the athlete; null: nothing. */
  readonly overrideId: string | null;
  readonly progressionId: string;
  readonly liftId: string;
  readonly maxType: MaxType;
  readonly triggerType: TriggerType;
  /** Null: it applied. */
  readonly reason: SkipReason | null;
  readonly application: Application | null;
  /** The max after this rule; null: there is none. */
  readonly value: Decimal | null;
  /** The stage before, and from now on; null: the rule has none. */
  readonly stageBefore: CurrentStage | null;
  readonly stage: CurrentStage | null;
  /** The application of an earlier time, with ALREADY_APPLIED. */
  readonly earlierLogId: string | null;
}

/** A counter or stage that the event changed. */
export interface RuleMemory<T> {
  readonly liftId: string;
  readonly progressionId: string;
  readonly value: T;
}

/** All that an event does, in order. */
export interface Plan {
  readonly results: readonly RuleResult[];
  readonly failureCounts: readonly RuleMemory<FailureCount>[];
  readonly stages: readonly RuleMemory<number>[];
}
