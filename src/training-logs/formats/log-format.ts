/** The interface of a format of training logs: how its columns are recognised, and how a row is read. */
import type { Instant } from '../../values/instant.ts';
import type { DecimalMarks } from '../read-number.ts';
import type { Table } from '../read-table.ts';
import {
  type DateOrder,
  type LoggedSet,
  type RowFault,
  UnreadableRow,
  type WeightUnit,
} from '../training-log.ts';

export interface LogFormat {
  /** For display. */
  readonly name: string;
  /** The required columns by which it is recognised, for display. */
  readonly columns: readonly string[];
  /** The catalogue's program of the app, without the unit at its end. */
  readonly program?: string;
  /** The heading of the table in a file of several tables. */
  readonly section?: string;
  /** The unit of all weights, when another table of the file has it; null: it does not. */
  unitOfFile?(findTable: (section: string) => Table | undefined): WeightUnit | null;
  /** Undefined for columns of another format. The columns are in lower case, from `headerName`. */
  match(columns: readonly string[]): RowReader | undefined;
}

/** A format bound to the columns of one file. */
export interface RowReader {
  readonly dateColumn: number;
  readonly weightColumns: readonly number[];
  /** Rows may have fewer fields than the header; missing ones at the end are empty. */
  readonly isOpenEnded?: boolean;
  /** The fields are trimmed, as many as there are columns. Throws UnreadableRow and TrainingLogError. */
  readRow(fields: readonly string[], facts: FileFacts): readonly SetReading[];
}

/** Settings for all rows of a file. */
export interface FileFacts {
  readonly dateOrder: DateOrder | null;
  readonly decimalMarks: DecimalMarks;
  /** The unit of the weights by the caller. */
  readonly unitAsked: WeightUnit | null;
  /** The unit by the file, outside of its rows. */
  readonly unitOfFile: WeightUnit | null;
}

/** A set of a row, or the reason for which a part of the row has none. */
export type SetReading = Omit<LoggedSet, 'line'> | Omit<RowFault, 'line'>;

/** The common values of all sets of a row. */
export interface SessionOfRow {
  readonly at: Instant;
  readonly workout: string;
}

/** Reads a part of a row, so that its faults do not affect the other parts. */
export function readPart(read: () => readonly SetReading[]): readonly SetReading[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnreadableRow) {
      return [{ reason: error.reason, detail: error.detail }];
    }
    throw error;
  }
}
