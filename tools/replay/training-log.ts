/** A training log as read: the sets that it holds, and the rows that hold none that can be replayed. */
import type { Instant } from '../../src/values/instant.ts';

export type WeightUnit = 'lb' | 'kg';

/** A set as the log has it. */
export interface LogEntry {
  /** Where the row starts in the file, from 1. */
  readonly line: number;
  /** When its session began. */
  readonly at: Instant;
  /** Tells sessions that began at the same time apart; '' in logs without names. */
  readonly workout: string;
  readonly exercise: string;
  readonly kind: 'WARM_UP' | 'WORK';
  /** Null: the log numbers sets in a way of its own. */
  readonly setNumber: number | null;
  /** A decimal with at most 6 places. */
  readonly weight: string;
  /** Null: the log does not say. */
  readonly unit: WeightUnit | null;
  /** Null: the log does not say. */
  readonly targetReps: number | null;
  readonly reps: number;
  readonly rpe: string | null;
}

/** Why a row is not replayed, as the report says it. */
export const UNUSED_REASONS = {
  FIELD_COUNT: 'not as many fields as the header',
  REST_TIMER: 'rest timers',
  NOTE: 'notes',
  NO_EXERCISE: 'without an exercise',
  NO_REPS: 'without repetitions (timed work, cardio, placeholders)',
  NO_WEIGHT: 'without a weight',
  BAD_DATE: 'not a date',
  FUTURE: 'dated in the future',
  BAD_SET: 'not the number or kind of a set',
  BAD_WEIGHT: 'not a weight',
  BAD_UNIT: 'neither kg nor lb',
  BAD_REPS: 'not a number of repetitions up to 1000',
  BAD_RPE: 'not an RPE from 0 to 10 in tenths',
  OTHER_UNIT: "not in the program's unit",
  NOT_IN_PROGRAM: 'not a lift of the program',
  REPEATED_SET: 'a set number that its session has already',
} as const;

export type UnusedReason = keyof typeof UNUSED_REASONS;

export interface UnusedRow {
  readonly line: number;
  readonly reason: UnusedReason;
  /** The exercise, or the text that could not be read. */
  readonly detail: string;
}

export interface TrainingLog {
  /** For people. */
  readonly formatName: string;
  /** The program that the log was trained on; null: nobody knows. */
  readonly programSlug: string | null;
  /** Without the header and empty lines. */
  readonly rowCount: number;
  readonly entries: readonly LogEntry[];
  readonly unused: readonly UnusedRow[];
}

/** Why there is nothing to replay, in one line for the person who asked. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
}

/** Thrown while a row is read; the row is then listed as unused. */
export class UnusableRow extends Error {
  override readonly name = 'UnusableRow';
  readonly reason: UnusedReason;
  readonly detail: string;

  constructor(reason: UnusedReason, detail: string) {
    super(`${UNUSED_REASONS[reason]}: ${detail}`);
    this.reason = reason;
    this.detail = detail;
  }
}
