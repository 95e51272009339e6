/** What a run leaves behind, as the checker looks at it: what clients wrote down, and what the database holds. */
import type { JournalLine } from './journal.ts';

/** A row of the ledger. */
export interface LedgerRow {
  readonly accountId: string;
  readonly method: string;
  readonly requestId: string;
  /** SHA-256 of the payload, in base64. */
  readonly fingerprint: string;
  /** In base64. */
  readonly response: string;
  readonly triggerType: string | null;
  readonly triggerKey: string | null;
}

export interface MaxRow {
  readonly accountId: string;
  readonly userId: string;
  readonly liftId: string;
  readonly maxType: string;
  readonly version: number;
  readonly value: string;
  readonly source: string;
}

export interface LogRow {
  readonly accountId: string;
  readonly id: string;
  readonly userId: string;
  readonly liftId: string;
  readonly maxType: string;
  readonly progressionId: string;
  readonly version: number;
  readonly previousValue: string;
  readonly newValue: string;
  readonly delta: string;
  readonly triggerType: string;
  readonly triggerKey: string;
  readonly revertsLogId: string | null;
}

export interface SetRow {
  readonly accountId: string;
  readonly id: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly liftId: string;
  readonly setNumber: number;
  readonly targetReps: number;
  readonly repsPerformed: number;
}

/** A counter's or a stage's row. */
export interface MemoryRow {
  readonly accountId: string;
  readonly userId: string;
  readonly liftId: string;
  readonly progressionId: string;
  readonly value: number;
}

export interface EventRow {
  readonly accountId: string;
  readonly id: string;
  readonly type: string;
  readonly userId: string | null;
  readonly sequence: number;
  readonly position: number;
  readonly causationId: string | null;
  readonly triggerId: string | null;
  readonly occurrenceKey: string | null;
  /** `session_id`, `log_id` and `logged_set_id` of its data. */
  readonly sessionId: string | null;
  readonly logId: string | null;
  readonly setId: string | null;
  /** Whether any trigger was a candidate, and the runs that its verdicts began. */
  readonly isJudged: boolean;
  readonly runIds: readonly string[];
}

export interface RunRow {
  readonly accountId: string;
  readonly id: string;
  readonly eventId: string | null;
  readonly state: string;
  /** The steps that were recorded as done, in order. */
  readonly steps: readonly number[];
  readonly stepCount: number;
}

export interface StoredState {
  readonly ledger: readonly LedgerRow[];
  readonly maxes: readonly MaxRow[];
  readonly logs: readonly LogRow[];
  /** In the order of their acceptance. */
  readonly sets: readonly SetRow[];
  readonly counters: readonly MemoryRow[];
  readonly stages: readonly MemoryRow[];
  readonly events: readonly EventRow[];
  readonly runs: readonly RunRow[];
  /** Entries of the outbox that nobody has taken yet, and dead letters. */
  readonly outbox: number;
  readonly deadLetters: number;
}

/** A record of Redis, in the order of its stream. */
export interface RelayedRecord {
  readonly id: string;
  readonly userId: string;
  readonly sequence: number;
  readonly position: number;
}

/** What a program looks like to the checker. */
export interface CheckedAccount {
  readonly accountId: string;
  /** The rule that deloads, and the lift that it is for. */
  readonly deloadId: string;
  readonly deloadLiftId: string;
  /** The rule with stages, and the lift that it is for. */
  readonly stagesId: string;
  readonly stagesLiftId: string;
  readonly failureThreshold: number;
  readonly stages: number;
  readonly publishedEvent: string;
  readonly emittedEvent: string;
}

export interface History {
  readonly accounts: readonly CheckedAccount[];
  readonly journal: readonly JournalLine[];
  readonly stored: StoredState;
  /** Undefined: there was no Redis. */
  readonly relayed: readonly RelayedRecord[] | undefined;
  /** Settings of sessions that connections still had when nobody was using them. */
  readonly leftovers: readonly string[];
  /** What servers complained of that is a defect of theirs. */
  readonly complaints: readonly string[];
}

/** What is wrong with a history. */
export interface Violation {
  readonly rule: Rule;
  readonly detail: string;
}

/** In words: see docs/faults.md. */
export const RULES = [
  'ACKNOWLEDGED_IS_APPLIED',
  'APPLIED_WAS_SENT',
  'REQUEST_ONCE',
  'ONE_ANSWER',
  'PAYLOAD_OF_REQUEST',
  'EFFECTS_AS_ANSWERED',
  'VERSION_CHAIN',
  'COUNTERS_AS_REPLAYED',
  'EVENT_ONCE',
  'EVENTS_AS_APPLIED',
  'EVALUATED',
  'RELAYED',
  'RUN_ONCE',
  'OCCURRENCE_ONCE',
  'NO_DEFECT',
  'CONNECTION_CLEAN',
] as const;

export type Rule = (typeof RULES)[number];
