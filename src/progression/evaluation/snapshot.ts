/** The state that the evaluation of one event depends on, read under the athlete's lock. */
import { Decimal } from 'decimal.js';
import type { Instant } from '../../values/instant.ts';
import type { ProgramRules, RuleOverrides } from './program-rules.ts';
import type { MaxType, Rule } from './rules/rule.ts';
import type { PerformedSet } from './trigger-event.ts';

/** Empty: not known, as of maxes from before units were kept. */
export type WeightUnit = '' | 'KILOGRAM' | 'POUND';

export interface CurrentMax {
  readonly value: Decimal;
  /** Kept by every application. */
  readonly unit: WeightUnit;
  readonly version: number;
}

export interface FailureCount {
  readonly consecutiveFailures: number;
  readonly lastFailureAt: Instant | null;
  readonly lastSuccessAt: Instant | null;
}

/** The changes of one lift max by the sets of a session, before the current event. */
export interface SessionChange {
  /** The sum of the standing increments. */
  readonly added: Decimal;
  readonly isDeloaded: boolean;
}

export interface Snapshot {
  readonly enrollmentId: string;
  readonly program: ProgramRules;
  /** What rows of the program are for the athlete alone; absent: as for everybody. */
  readonly overrides?: RuleOverrides;
  /** By maxKey. */
  readonly maxes: ReadonlyMap<string, CurrentMax>;
  /** By ruleKey. */
  readonly failureCounts: ReadonlyMap<string, FailureCount>;
  /** By ruleKey; absent: the first stage. */
  readonly stages: ReadonlyMap<string, number>;
  /** The stored sets of the event's session; for a manual trigger, of each lift's latest session. */
  readonly sessionSets: readonly PerformedSet[];
  /** By maxKey: the session's changes so far. */
  readonly sessionChanges: ReadonlyMap<string, SessionChange>;
  /** Lifts with a failed set since the athlete's previous event of the same type, within the enrollment. */
  readonly missedLiftIds: ReadonlySet<string>;
  /** Lifts with a work set in the same period. */
  readonly performedLiftIds: ReadonlySet<string>;
  /** Instants near the event's that applications of the athlete already use. */
  readonly takenInstants: ReadonlySet<Instant>;
  /** By ruleKey: the standing application of the athlete's latest real event; for manual triggers only. */
  readonly standingLogIds: ReadonlyMap<string, string>;
  /** The athlete's latest real event, as `type:key`; for manual triggers only. Null when there is none. */
  readonly latestEventKey: string | null;
}

/** The key of an athlete's lift max. */
export function maxKey(liftId: string, maxType: MaxType): string {
  return `${liftId} ${maxType}`;
}

/** The key of a rule's state for one lift. */
export function ruleKey(liftId: string, progressionId: string): string {
  return `${liftId} ${progressionId}`;
}

/** A stage beyond the end of the rule's list, from when the list was longer, counts as the last one. */
export function stageWithin({ stages }: Rule, stage = 0): number {
  return Math.min(stage, Math.max((stages?.length ?? 1) - 1, 0));
}

/** Adds an application to a session's changes; a deload removes the increments before it. */
export function addSessionChange(
  changes: Map<string, SessionChange>,
  key: string,
  { previousValue, newValue }: { readonly previousValue: Decimal; readonly newValue: Decimal },
): void {
  const before = changes.get(key) ?? { added: new Decimal(0), isDeloaded: false };
  changes.set(
    key,
    newValue.lt(previousValue)
      ? { added: new Decimal(0), isDeloaded: true }
      : { ...before, added: before.added.plus(newValue).minus(previousValue) },
  );
}
