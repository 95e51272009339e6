/** The reasons for which rows, or a whole file, are not replayed, as the report shows them. */
import { ROW_FAULTS } from '../../src/training-logs/training-log.ts';

/** Why a row is not replayed: it cannot be read, or the program does not train it. */
export const UNUSED_REASONS = {
  ...ROW_FAULTS,
  OTHER_UNIT: "not in the program's unit",
  NOT_IN_PROGRAM: 'not a lift of the program',
  REPEATED_SET: 'a set number that its session has already',
} as const;

export type UnusedReason = keyof typeof UNUSED_REASONS;

/** A row, or an exercise of a row, that is not replayed. */
export interface UnusedRow {
  readonly line: number;
  readonly reason: UnusedReason;
  /** The exercise, or the text that could not be read. */
  readonly detail: string;
}

/** Why nothing is replayed, in one line for the user. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
}

/**
 * The refusal of a file without a usable row: each reason with its count, the most frequent first, then what failed.
 */
export function nothingUsable(unused: readonly UnusedRow[], whatFailed: string): ReplayError {
  const counts = [...Map.groupBy(unused, ({ reason }) => reason)].map(([reason, rows]) => ({
    text: `${UNUSED_REASONS[reason]}: ${rows.length}`,
    count: rows.length,
  }));
  const reasons = counts.toSorted((a, b) => b.count - a.count).map(({ text }) => text);
  return new ReplayError([...(reasons.length > 0 ? [reasons.join(', ')] : []), whatFailed].join('; '));
}
