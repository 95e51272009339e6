/** The command of the unit of work: one event under one request ID, and the codec of its answer. */
import type { Decimal } from 'decimal.js';
import type { DomainError } from '../../errors/domain-error.ts';
import { isRetryable } from '../../errors/error-table.ts';
import type { FactOrigin } from '../../store/outbox.ts';
import type { Instant } from '../../values/instant.ts';
import type { Plan } from '../evaluation/plan.ts';
import type { MaxType, TriggerType } from '../evaluation/rules/rule.ts';
import type { FailureCount } from '../evaluation/snapshot.ts';
import type {
  CycleCompleted,
  ManualTrigger,
  SessionCompleted,
  StoredSet,
  TriggerEvent,
  WeekAdvanced,
} from '../evaluation/trigger-event.ts';
import type { Compensation } from './compensate.ts';
import type { PersonalRecord } from './personal-records.ts';

/** A set as reported. */
export interface ReportedSet extends StoredSet {
  /** Whether the caller gave the set's time; otherwise it is the event's. */
  readonly isTimeGiven: boolean;
}

/** Sets as reported; the unit of work determines which of them are new. */
export interface SetsReported {
  readonly type: 'SETS_REPORTED';
  readonly sessionId: string;
  readonly sets: readonly ReportedSet[];
}

export type CommandDetail = SessionCompleted | WeekAdvanced | CycleCompleted | SetsReported | ManualTrigger;

/** A set, and whether an earlier call logged it. */
export interface SetReceipt {
  readonly set: StoredSet;
  readonly isAlreadyLogged: boolean;
}

/** A failure counter after the event. */
export interface CounterReading extends FailureCount {
  readonly liftId: string;
  readonly progressionId: string;
}

/** An application that a set of a session made. */
export interface SessionApplication {
  readonly logId: string;
  readonly progressionId: string;
  readonly liftId: string;
  readonly maxType: MaxType;
  readonly triggerType: TriggerType;
  readonly triggerKey: string;
  readonly previousValue: Decimal;
  readonly newValue: Decimal;
  readonly appliedAt: Instant;
  readonly isReverted: boolean;
}

/** The result of an event. */
export interface HandledEvent {
  readonly event: TriggerEvent;
  readonly programId: string;
  readonly plan: Plan;
  /** The log row of each result of the plan; null where nothing was applied. */
  readonly logIds: readonly (string | null)[];
  /** For reported sets: all of them, in order; empty otherwise. */
  readonly sets: readonly SetReceipt[];
  /** For reported sets: the log rows from when the sets were first logged. */
  readonly earlierApplications: readonly SessionApplication[];
  /** For reported sets: the new ones that are personal records, in order. */
  readonly records: readonly PersonalRecord[];
  /** For reported sets: the counters of the rules in scope of their lifts. */
  readonly counters: readonly CounterReading[];
  /** For sets that arrived after their session's end: what was undone, to be decided again. */
  readonly compensations: readonly Compensation[];
  /** The event was recorded before, and only what it did is new. */
  readonly isAgain: boolean;
}

/** Encodes a method's answer. */
export interface ResponseCodec {
  encode(handled: HandledEvent): Uint8Array;
  /** Derives the answer to an event that an earlier call recorded from that call's answer. */
  encodeDuplicate(first: Uint8Array): Uint8Array;
  /**
   * Adds what a session did that is completed again, with more lifts, to the answer from before. Absent: the method's
   * events do not grow.
   */
  readonly encodeAgain?: ((before: Uint8Array, handled: HandledEvent) => Uint8Array) | undefined;
}

/**
 * Commands of one athlete that are to be applied in the order submitted, such as those of a batch. After a refusal
 * that may be retried the later ones are refused with the same error: otherwise they would overtake its retry.
 */
export interface CommandSequence {
  /** The first such refusal. The queue sets it. */
  refusal?: DomainError;
}

export interface TriggerCommand {
  readonly accountId: string;
  /** The method's name, which scopes the request ID. */
  readonly method: string;
  /** Null only with isValidateOnly. */
  readonly requestId: string | null;
  readonly fingerprint: Uint8Array;
  readonly userId: string;
  readonly occurredAt: Instant;
  readonly receivedAt: Instant;
  readonly detail: CommandDetail;
  /** Evaluates, and rolls back. */
  readonly isValidateOnly: boolean;
  /** The `performance.now()` until which its caller waits. */
  readonly deadlineAtMs: number;
  readonly signal: AbortSignal;
  /** Absent: the later commands are carried out whatever becomes of it. */
  readonly sequence?: CommandSequence | undefined;
  readonly codec: ResponseCodec;
  /** The caller, as the audit trail names it. */
  readonly actor: string;
  /** The origin of emitted events. */
  readonly origin: Pick<FactOrigin, 'actor' | 'cause'>;
}

export interface CommandAnswer {
  readonly response: Uint8Array;
  /** The answer is the stored one of an earlier call with the same request ID. */
  readonly isReplayed: boolean;
}

/** Notes why a command of the sequence failed, before the caller learns it. */
export function noteFailure(sequence: CommandSequence | undefined, error: unknown): void {
  if (sequence && isRetryable(error)) {
    sequence.refusal ??= error;
  }
}
