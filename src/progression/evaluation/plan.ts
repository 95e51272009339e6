/** The plan of an event: the engine's decision, before anything is written. */
import type { Decimal } from 'decimal.js';
import type { Instant } from '../../values/instant.ts';
import type { MaxType, SkipReason, StageParameters, TriggerType } from './rules/rule.ts';
import {
  addSessionChange,
  type FailureCount,
  maxKey,
  ruleKey,
  type Snapshot,
  type WeightUnit,
} from './snapshot.ts';
import type { TriggerContext } from './triggers/trigger.ts';

/** A change of one lift max, stored as a version and a log row. */
export interface Application {
  readonly triggerKey: string;
  readonly context: TriggerContext;
  readonly appliedAt: Instant;
  readonly version: number;
  readonly previousValue: Decimal;
  readonly newValue: Decimal;
  /** Of both values. */
  readonly unit: WeightUnit;
  /** The failure count that the application reset; null when it reset none. */
  readonly failuresBefore: number | null;
  /** The stage before and after the application; null when it changed none. */
  readonly stageBefore: number | null;
  readonly stageAfter: number | null;
}

/** A stage and its prescription. */
export interface CurrentStage extends StageParameters {
  readonly index: number;
}

/** The result of one rule for one lift. */
export interface RuleResult {
  readonly programProgressionId: string;
  /** What the row was overridden by for the athlete; null: nothing. */
  readonly overrideId: string | null;
  readonly progressionId: string;
  readonly liftId: string;
  readonly maxType: MaxType;
  readonly triggerType: TriggerType;
  /** Null when the rule applied. */
  readonly reason: SkipReason | null;
  readonly application: Application | null;
  /** The max after this rule; null when there is none. */
  readonly value: Decimal | null;
  /** The stage before and after; null when the rule has none. */
  readonly stageBefore: CurrentStage | null;
  readonly stage: CurrentStage | null;
  /** The earlier application, with ALREADY_APPLIED. */
  readonly earlierLogId: string | null;
}

/** A counter or stage that the event changed. */
export interface RuleMemory<T> {
  readonly liftId: string;
  readonly progressionId: string;
  readonly value: T;
}

/** All changes of an event, in order. */
export interface Plan {
  readonly results: readonly RuleResult[];
  readonly failureCounts: readonly RuleMemory<FailureCount>[];
  readonly stages: readonly RuleMemory<number>[];
}

/** The snapshot after a plan, including the session's changes. */
export function snapshotAfter(before: Snapshot, plan: Plan): Snapshot {
  const maxes = new Map(before.maxes);
  const sessionChanges = new Map(before.sessionChanges);
  for (const { application, liftId, maxType } of plan.results) {
    if (!application) {
      continue;
    }
    const key = maxKey(liftId, maxType);
    const { newValue: value, unit, version } = application;
    maxes.set(key, { value, unit, version });
    addSessionChange(sessionChanges, key, application);
  }
  const failureCounts = new Map(before.failureCounts);
  for (const { liftId, progressionId, value } of plan.failureCounts) {
    failureCounts.set(ruleKey(liftId, progressionId), value);
  }
  const stages = new Map(before.stages);
  for (const { liftId, progressionId, value } of plan.stages) {
    stages.set(ruleKey(liftId, progressionId), value);
  }
  return { ...before, maxes, failureCounts, stages, sessionChanges };
}
