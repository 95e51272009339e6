/** An event of an athlete in the engine's terms, and the triggers that it fires. */
import type { Decimal } from 'decimal.js';
import type { Instant } from '../../values/instant.ts';
import type { TriggerType } from './rules/rule.ts';

export type SetKind = 'WARM_UP' | 'WORK' | 'AMRAP' | 'SUPPLEMENTAL';

/** A set as the engine judges it. */
export interface PerformedSet {
  readonly id: string;
  readonly liftId: string;
  readonly setNumber: number;
  readonly kind: SetKind;
  readonly weight: Decimal;
  /** Null: none was planned. */
  readonly targetWeight: Decimal | null;
  readonly targetReps: number;
  readonly repsPerformed: number;
  /** The set's own time, which dates its applications. */
  readonly performedAt: Instant;
}

/** A set as stored. */
export interface StoredSet extends PerformedSet {
  readonly rpe: Decimal | null;
}

export interface SessionCompleted {
  readonly type: 'SESSION_COMPLETED';
  readonly sessionId: string;
  readonly daySlug: string;
  readonly weekNumber: number;
  readonly liftsPerformed: readonly string[];
}

export interface WeekAdvanced {
  readonly type: 'WEEK_ADVANCED';
  readonly previousWeek: number;
  readonly newWeek: number;
  readonly cycleIteration: number;
}

export interface CycleCompleted {
  readonly type: 'CYCLE_COMPLETED';
  readonly completedCycle: number;
  readonly newCycle: number;
  readonly totalWeeks: number;
}

/** New sets, in the order performed. */
export interface SetsLogged {
  readonly type: 'SETS_LOGGED';
  readonly sessionId: string;
  readonly sets: readonly PerformedSet[];
}

export interface ManualTrigger {
  readonly type: 'MANUAL';
  readonly progressionId: string;
  /** Null: every lift that the rule covers. */
  readonly liftId: string | null;
  readonly force: boolean;
  readonly reason: string;
  readonly actor: string;
  readonly requestId: string;
}

export type EventDetail = SessionCompleted | WeekAdvanced | CycleCompleted | SetsLogged | ManualTrigger;

export interface TriggerEvent<D extends EventDetail = EventDetail> {
  readonly userId: string;
  readonly occurredAt: Instant;
  readonly detail: D;
}

/** The trigger type of the ledger's record and of the outcome. */
export const EVENT_TRIGGER_TYPES = {
  SESSION_COMPLETED: 'AFTER_SESSION',
  WEEK_ADVANCED: 'AFTER_WEEK',
  CYCLE_COMPLETED: 'AFTER_CYCLE',
  SETS_LOGGED: 'AFTER_SET',
  MANUAL: 'MANUAL',
} as const satisfies Record<EventDetail['type'], TriggerType>;

/** A work set counts as a success or a failure; warm-ups and supplemental sets never do. `WORK_KINDS` in SQL. */
export function isWorkSet(set: { readonly kind: SetKind }): boolean {
  return set.kind === 'WORK' || set.kind === 'AMRAP';
}

/** A work set that missed its target: in repetitions, or in weight. */
export function isFailedSet(set: PerformedSet): boolean {
  return isWorkSet(set) && (set.repsPerformed < set.targetReps || isTooLight(set));
}

/** Below the weight that was planned. */
export function isTooLight({ weight, targetWeight }: Pick<PerformedSet, 'weight' | 'targetWeight'>): boolean {
  return targetWeight !== null && weight.lt(targetWeight);
}

/** The identity of a set. */
export function setTriggerKey(sessionId: string, set: Pick<PerformedSet, 'liftId' | 'setNumber'>): string {
  return `set:${sessionId}:${set.liftId}:${set.setNumber}`;
}

/** The identity of a completed session. */
export function sessionTriggerKey(sessionId: string): string {
  return `session:${sessionId}`;
}

/** The identity of a week: the week that ended, in its cycle, of one enrollment. */
export function weekTriggerKey(enrollmentId: string, { cycleIteration, previousWeek }: WeekAdvanced): string {
  return `week:${enrollmentId}:${cycleIteration}:${previousWeek}`;
}

/** The identity of a completed cycle. */
export function cycleTriggerKey(enrollmentId: string, { completedCycle }: CycleCompleted): string {
  return `cycle:${enrollmentId}:${completedCycle}`;
}

/**
 * The identity under which the ledger records an event once; null for events that are identified by their
 * sets or request.
 */
export function eventTriggerKey(detail: EventDetail, enrollmentId: string): string | null {
  switch (detail.type) {
    case 'SESSION_COMPLETED':
      return sessionTriggerKey(detail.sessionId);
    case 'WEEK_ADVANCED':
      return weekTriggerKey(enrollmentId, detail);
    case 'CYCLE_COMPLETED':
      return cycleTriggerKey(enrollmentId, detail);
    case 'SETS_LOGGED':
    case 'MANUAL':
      return null;
  }
}
