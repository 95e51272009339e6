/** The content of a training log: its sets, and the reasons for which the other rows have none. */
import type { Instant } from '../values/instant.ts';

export type WeightUnit = 'lb' | 'kg';

/** The order of day and month in dates such as 03/04/2024. */
export type DateOrder = 'DAY_FIRST' | 'MONTH_FIRST';

/** A set as the log has it. */
export interface LoggedSet {
  /** Where its row starts in the file, from 1. */
  readonly line: number;
  /** When its session began. */
  readonly at: Instant;
  /** The name of the session, which distinguishes sessions that began at the same time; '' in logs without names. */
  readonly workout: string;
  readonly exercise: string;
  readonly kind: 'WARM_UP' | 'WORK';
  /** Unique within the session and exercise, from 1; null: the log has no set numbers. */
  readonly setNumber: number | null;
  /** The log's mark of the set among those of its exercise, as written; null: none. */
  readonly mark: string | null;
  /** Above 0; a decimal with at most 6 places. */
  readonly weight: string;
  /** Null: given by neither the log nor the caller. */
  readonly unit: WeightUnit | null;
  /** Null: not in the log. */
  readonly targetReps: number | null;
  readonly reps: number;
  readonly rpe: string | null;
}

/** Why a row, or an exercise of a row, has no usable set. */
export const ROW_FAULTS = {
  FIELD_COUNT: 'not as many fields as the header',
  HEADER_AGAIN: 'the header again',
  REST_TIMER: 'rest timers',
  NOTE: 'notes',
  NO_EXERCISE: 'without an exercise',
  NO_REPS: 'without repetitions (timed work, cardio, placeholders)',
  NO_WEIGHT: 'without a weight (empty or 0)',
  BAD_DATE: 'not a date',
  FUTURE: 'dated in the future',
  BAD_SET: 'not the number or kind of a set',
  BAD_WEIGHT: 'not a weight',
  AMBIGUOUS_WEIGHT: 'a weight whose comma or point may divide decimals or thousands',
  BAD_UNIT: 'neither kg nor lb',
  UNIT_NOT_ASKED_FOR: 'in another unit than the one asked for',
  BAD_REPS: 'not a number of repetitions up to 1000',
  BAD_RPE: 'not an RPE from 0 to 10 in tenths',
  COPY: 'a second copy of a set (each set is counted once)',
} as const;

export type RowFaultReason = keyof typeof ROW_FAULTS;

export interface RowFault {
  readonly line: number;
  readonly reason: RowFaultReason;
  /** The exercise, or the text that could not be read. */
  readonly detail: string;
}

export interface TrainingLog {
  /** For display. */
  readonly formatName: string;
  /** The catalogue's program of the log's app; null: none, or the log has several units. */
  readonly programSlug: string | null;
  /** Without the header and empty lines. */
  readonly rowCount: number;
  /** In the order of the file. */
  readonly sets: readonly LoggedSet[];
  /** In the order of the file; a row of several exercises can have sets and faults. */
  readonly faults: readonly RowFault[];
}

export type LogRefusalReason =
  | 'EMPTY'
  | 'NOT_TEXT'
  | 'NOT_A_TABLE'
  | 'UNKNOWN_FORMAT'
  | 'DATE_ORDER_UNKNOWN'
  | 'UNIT_UNKNOWN'
  | 'BAD_MAPPING';

/** The file as a whole cannot be read; the caller can supply the missing information and read again. */
export class TrainingLogError extends Error {
  override readonly name = 'TrainingLogError';
  readonly reason: LogRefusalReason;

  constructor(reason: LogRefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Thrown while a row is read; the row is then listed among the faults. */
export class UnreadableRow extends Error {
  override readonly name = 'UnreadableRow';
  readonly reason: RowFaultReason;
  readonly detail: string;

  constructor(reason: RowFaultReason, detail: string) {
    super(`${ROW_FAULTS[reason]}: ${detail}`);
    this.reason = reason;
    this.detail = detail;
  }
}

/** The text that was found instead of a value, shortened for one line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);
}
