/**
 * An athlete's history of some lifts since the enrollment began or was last resumed: what counters and stages follow
 * from, in order of acceptance.
 */
import type { Decimal } from 'decimal.js';
import type { Instant } from '../../values/instant.ts';
import type { MaxType, TriggerType } from '../evaluation/rules/rule.ts';
import type { FailureCount, WeightUnit } from '../evaluation/snapshot.ts';
import type { SessionCompleted, StoredSet } from '../evaluation/trigger-event.ts';

/** A set, and the call that logged it: sets of one call were recorded at the same time. */
export interface SetItem {
  readonly sequence: bigint;
  readonly sessionId: string;
  readonly recordedAt: string;
  readonly set: StoredSet;
}

/** A session's end; one that was completed again with more lifts has an end for those as well. */
export interface EndItem {
  readonly sequence: bigint;
  readonly occurredAt: Instant;
  readonly detail: SessionCompleted;
}

/** A row of the progression log. */
export interface LoggedApplication {
  readonly logId: string;
  readonly progressionId: string;
  readonly triggerType: TriggerType;
  readonly triggerKey: string;
  readonly sessionId: string | null;
  readonly previousValue: Decimal;
  readonly newValue: Decimal;
  readonly failuresBefore: number | null;
  readonly stageBefore: number | null;
  readonly stageAfter: number | null;
  readonly isReverted: boolean;
  /** A person reverted it by RevertProgression: it does not apply again when its event is decided again. */
  readonly isWithdrawn: boolean;
  readonly appliedAt: Instant;
}

/** A version of a lift max. */
export interface VersionItem {
  /** That of the set or the session's end that made it; else its own, or 0 where it is older than that is recorded. */
  readonly sequence: bigint;
  readonly liftId: string;
  readonly maxType: MaxType;
  readonly version: number;
  readonly value: Decimal;
  readonly unit: WeightUnit;
  readonly source: 'MANUAL' | 'AUTOMATION' | 'PROGRESSION' | 'REVERT';
  /** What made it; null: it was set by hand. */
  readonly log: LoggedApplication | null;
}

/** What a rule remembers, and from where on it follows from events alone. */
export interface RuleBase {
  readonly failures: { readonly from: bigint; readonly value: number };
  readonly stage: { readonly from: bigint; readonly value: number };
}

export interface History {
  /** The position at which the enrollment began or was last resumed. */
  readonly from: bigint;
  /** All of them; those before `from` count for no counter. */
  readonly sets: readonly SetItem[];
  readonly ends: readonly EndItem[];
  /** All of them, in order of versions. */
  readonly versions: readonly VersionItem[];
  /** By ruleKey; absent: from `from` on, from 0. */
  readonly bases: ReadonlyMap<string, RuleBase>;
  /** By ruleKey, as stored. */
  readonly failureCounts: ReadonlyMap<string, FailureCount>;
  readonly stages: ReadonlyMap<string, number>;
}
