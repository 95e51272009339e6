/** The history of a campaign: the journals of clients, and the stored data. */
import type { JournalLine } from './client-journal.ts';

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
  /** Whether it is marked as undone. */
  readonly isReverted: boolean;
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
  /** Whether it arrived after its session's end and took a place before sets that had been decided. */
  readonly isLate: boolean;
}

/** A set that was corrected or removed. */
export interface CorrectionRow {
  readonly accountId: string;
  readonly userId: string;
  readonly liftId: string;
  readonly setId: string;
  readonly isRemoved: boolean;
}

/** A row of a failure counter or of a stage. */
export interface CounterRow {
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
  /** Whether a trigger was a candidate, and the runs that its verdicts started. */
  readonly hasVerdict: boolean;
  readonly runIds: readonly string[];
}

export interface RunRow {
  readonly accountId: string;
  readonly id: string;
  readonly workflowId: string;
  readonly userId: string;
  /** In milliseconds of the clock of the server that decided it. */
  readonly enrolledAtMs: number;
  readonly eventId: string | null;
  readonly state: string;
  /** The recorded steps, in order. */
  readonly steps: readonly number[];
  readonly stepCount: number;
}

export interface StoredState {
  readonly ledger: readonly LedgerRow[];
  readonly maxes: readonly MaxRow[];
  readonly logs: readonly LogRow[];
  /** In the order of acceptance. */
  readonly sets: readonly SetRow[];
  readonly corrections: readonly CorrectionRow[];
  readonly counters: readonly CounterRow[];
  readonly stages: readonly CounterRow[];
  readonly events: readonly EventRow[];
  readonly runs: readonly RunRow[];
  /** Number of outbox entries, and of dead letters other than that of the demo account. */
  readonly outbox: number;
  readonly deadLetters: number;
}

/** A record of Redis, in the order of its stream. */
export interface RelayedRecord {
  readonly id: string;
  readonly userId: string;
  readonly sequence: number;
  readonly position: number;
  /** When the event was accepted, and when the record was stored in Redis, in milliseconds of the machine's clock. */
  readonly recordedAtMs: number;
  readonly atMs: number;
}

/**
 * What was committed in this period, in milliseconds of the machine's clock, may be missing from the database that took
 * over: a standby had not received it, or a backup was older.
 */
export interface LostPeriod {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The program of an account, as the checks need it. */
export interface CheckedAccount {
  readonly accountId: string;
  /** The deload rule and its lift. */
  readonly deloadId: string;
  readonly deloadLiftId: string;
  /** The rule with stages and its lift. */
  readonly stagesId: string;
  readonly stagesLiftId: string;
  readonly failureThreshold: number;
  readonly stages: number;
  readonly publishedEvents: readonly string[];
  readonly emittedEvent: string;
  /** The workflows that emit `emittedEvent`, whose runs end at their goal, and whose runs the loop guard counts. */
  readonly thankingId: string;
  readonly remindingId: string;
  readonly welcomingId: string;
}

export interface History {
  readonly accounts: readonly CheckedAccount[];
  readonly journal: readonly JournalLine[];
  readonly stored: StoredState;
  readonly lostPeriods: readonly LostPeriod[];
  /**
   * When waits of commits for a standby were cancelled before it was promoted: other transactions, such as the relay, saw what
   * the standby does not have. None of it was acknowledged.
   */
  readonly cancelledPeriods: readonly LostPeriod[];
  /** What WatchEvents shows of each account, from its beginning, in this order. */
  readonly watched: readonly WatchedEvent[];
  /** Undefined without Redis. */
  readonly relayed: readonly RelayedRecord[] | undefined;
  /** Session settings found on idle connections. */
  readonly leftovers: readonly string[];
  /** Errors that servers logged and that are defects. */
  readonly serverErrors: readonly string[];
  /** In the last minute of the clients; see machine-load.ts. */
  readonly loadPerProcessor: number;
}

/** An event of WatchEvents. */
export interface WatchedEvent {
  readonly accountId: string;
  readonly id: string;
}

/** A violation of a rule. */
export interface Violation {
  readonly rule: Rule;
  readonly detail: string;
}

/** Described in docs/faults.md. */
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
  'WATCHED',
  'RUN_ONCE',
  'HELD',
  'OCCURRENCE_ONCE',
  'NO_DEFECT',
  'CONNECTION_CLEAN',
  'OVERLOADED',
] as const;

export type Rule = (typeof RULES)[number];

/** Whether what was answered may be lost. */
export function mayBeLost(
  { lostPeriods }: Pick<History, 'lostPeriods'>,
  { atMs, batchSentAtMs = atMs }: { readonly atMs: number; readonly batchSentAtMs?: number },
): boolean {
  return lostPeriods.some(({ fromMs, untilMs }) => atMs >= fromMs && batchSentAtMs <= untilMs);
}

/** Whether what was relayed at this time may be lost. */
export function mayBeUnstored({ lostPeriods, cancelledPeriods }: History, atMs: number): boolean {
  return isWithin(lostPeriods, atMs) || isWithin(cancelledPeriods, atMs);
}

function isWithin(periods: readonly LostPeriod[], atMs: number): boolean {
  return periods.some(({ fromMs, untilMs }) => atMs >= fromMs && atMs <= untilMs);
}
