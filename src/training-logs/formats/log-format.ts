/** What each format of training logs says of itself: how its columns are known, and what a row of them holds. */
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
  /** For people. */
  readonly name: string;
  /** What it is recognised by, for people: the columns that it cannot do without. */
  readonly columns: readonly string[];
  /** The program of the catalogue that its app is made for, without the unit at its end. */
  readonly program?: string;
  /** The table stands under this heading in a file of several tables. */
  readonly section?: string;
  /** The unit of all weights, where another table of the file says it; null: it does not. */
  unitOfFile?(findTable: (section: string) => Table | undefined): WeightUnit | null;
  /** Undefined when these are not its columns; they come in lower case, as `headerName` makes them. */
  match(columns: readonly string[]): RowReader | undefined;
}

/** A format bound to the columns of one file. */
export interface RowReader {
  readonly dateColumn: number;
  readonly weightColumns: readonly number[];
  /** Rows may have fewer fields than the header; what is missing at their end is empty. */
  readonly isOpenEnded?: boolean;
  /** The fields are trimmed, as many as there are columns. Throws UnreadableRow and TrainingLogError. */
  readRow(fields: readonly string[], facts: FileFacts): readonly SetReading[];
}

/** What holds for all rows of a file. */
export interface FileFacts {
  readonly dateOrder: DateOrder | null;
  readonly decimalMarks: DecimalMarks;
  /** What the caller says of the weights' unit. */
  readonly unitAsked: WeightUnit | null;
  /** What the file says of it outside of its rows. */
  readonly unitOfFile: WeightUnit | null;
}

/** A set of a row, or why a part of the row holds none. */
export type SetReading = Omit<LoggedSet, 'line'> | Omit<RowFault, 'line'>;

/** What all sets of a row share. */
export interface SessionOfRow {
  readonly at: Instant;
  readonly workout: string;
}

/** Reads a part of a row, so that its faults leave the other parts alone. */
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
