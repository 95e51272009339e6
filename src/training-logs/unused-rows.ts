/** The reasons for which rows do not become sets of a program's sessions. */
import { ROW_FAULTS } from './training-log.ts';

/** Why a row is not used: it cannot be read, or the program does not train it. */
export const UNUSED_REASONS = {
  ...ROW_FAULTS,
  OTHER_UNIT: "not in the program's unit",
  NOT_IN_PROGRAM: 'not a lift of the program',
  REPEATED_SET: 'a set number that its session has already',
} as const;

export type UnusedReason = keyof typeof UNUSED_REASONS;

/** A row, or an exercise of a row, that is not used. */
export interface UnusedRow {
  readonly line: number;
  readonly reason: UnusedReason;
  /** The exercise, or the text that could not be read. */
  readonly detail: string;
}
