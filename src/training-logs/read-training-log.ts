/**
 * Reads a training log from the bytes of its file: bytes in, sets and row faults out. It knows no process, no service
 * and no program. Rows are read one by one on demand, so that a caller can pass them on as they come.
 */
import type { Instant } from '../values/instant.ts';
import { headerName } from './columns.ts';
import type { FileFacts, LogFormat, RowReader, SetReading } from './formats/log-format.ts';
import { LOG_FORMATS } from './formats/log-formats.ts';
import { mergeCopies } from './merge-copies.ts';
import { findDateOrder } from './read-date.ts';
import { decimalMarksOf } from './read-number.ts';
import { decodeText, findSection, readTable, type Table, type TableRow } from './read-table.ts';
import {
  type DateOrder,
  type LoggedSet,
  quoted,
  type RowFault,
  type TrainingLog,
  TrainingLogError,
  UnreadableRow,
  type WeightUnit,
} from './training-log.ts';

export interface ReadOptions {
  /** Rows dated later are faults. */
  readonly now: Instant;
  /** The unit of weights whose unit the file does not say; rows that say another one are faults. */
  readonly unit?: WeightUnit | null;
  /** The order of day and month, where the file does not show it. */
  readonly dateOrder?: DateOrder | null;
}

/** A file whose format is known, before its rows are read. */
export interface OpenedLog {
  readonly format: LogFormat;
  /** Without the header and empty lines. */
  readonly rowCount: number;
  /** One reading after the other, in the order of the file; copies are not yet told from other sets. */
  rows(): Generator<RowReading>;
}

/** The sets and the faults of one row. */
export interface RowReading {
  readonly line: number;
  readonly sets: readonly LoggedSet[];
  readonly faults: readonly RowFault[];
}

/** As far ahead of the server's clock as it lets events be. */
const FUTURE_TOLERANCE_MICROS = 5n * 60_000_000n;

/** The whole file. Throws TrainingLogError when it is no table, of no known format, or undecided. */
export function readTrainingLog(bytes: Uint8Array, options: ReadOptions): TrainingLog {
  const { format, rowCount, rows } = openTrainingLog(bytes, options);
  const readings = [...rows()];
  const { sets, copies } = mergeCopies(readings);
  const faults = [...readings.flatMap((row) => row.faults), ...copies].toSorted((a, b) => a.line - b.line);
  const units = new Set(sets.map(({ unit }) => unit));
  const [unit] = units;
  const programSlug = format.program && units.size === 1 && unit ? `${format.program}-${unit}` : null;
  return { formatName: format.name, programSlug, rowCount, sets, faults };
}

/** Finds out the format and what holds for all rows. Throws TrainingLogError. */
export function openTrainingLog(bytes: Uint8Array, options: ReadOptions): OpenedLog {
  const text = decodeText(bytes);
  const { format, reader, table } = recognise(text);
  const headers = table.columns.map(headerName);
  const cellsOf = (columns: readonly number[]) =>
    table.rows.flatMap(({ fields }) => columns.map((column) => (fields[column] ?? '').trim()));
  const facts: FileFacts = {
    dateOrder: options.dateOrder ?? findDateOrder(cellsOf([reader.dateColumn])),
    decimalMarks: decimalMarksOf(cellsOf(reader.weightColumns), table.delimiter),
    unitAsked: options.unit ?? null,
    unitOfFile: format.unitOfFile?.((name) => findSection(text, name)) ?? null,
  };
  function* rows(): Generator<RowReading> {
    for (const row of table.rows) {
      yield readRow(row, headers, reader, facts, options.now);
    }
  }
  return { format, rowCount: table.rows.length, rows };
}

interface Recognised {
  readonly format: LogFormat;
  readonly reader: RowReader;
  readonly table: Table;
}

/** A file of several tables need not be one table as a whole, so its sections are looked for first. */
function recognise(text: string): Recognised {
  const inSections = LOG_FORMATS.filter(({ section }) => section !== undefined);
  for (const format of inSections) {
    const found = matchTable(format, findSection(text, format.section ?? ''));
    if (found) {
      return found;
    }
  }
  const table = readTable(text);
  for (const format of LOG_FORMATS) {
    const found = format.section === undefined ? matchTable(format, table) : undefined;
    if (found) {
      return found;
    }
  }
  throw new TrainingLogError('UNKNOWN_FORMAT', unknownColumns(table.columns));
}

function matchTable(format: LogFormat, table: Table | undefined): Recognised | undefined {
  const reader = table && format.match(table.columns.map(headerName));
  return table && reader && { format, reader, table };
}

function unknownColumns(columns: readonly string[]): string {
  const found = JSON.stringify(columns.join(',').slice(0, 200));
  const known = LOG_FORMATS.map((format) => `${format.name} (${format.columns.join(', ')})`).join('; ');
  return `the file is no training log that is known here: its columns are ${found}; known are ${known}`;
}

function readRow(
  { line, fields }: TableRow,
  headers: readonly string[],
  reader: RowReader,
  facts: FileFacts,
  now: Instant,
): RowReading {
  try {
    const trimmed = fitToHeader(fields, headers, reader.isOpenEnded ?? false);
    const readings = reader
      .readRow(trimmed, facts)
      .map((reading) => refuseFuture(reading, trimmed, reader, now));
    const sets = readings.flatMap((reading) => ('reason' in reading ? [] : [{ ...reading, line }]));
    const faults = readings.flatMap((reading) => ('reason' in reading ? [{ ...reading, line }] : []));
    return { line, sets, faults };
  } catch (error) {
    if (!(error instanceof UnreadableRow)) {
      throw error;
    }
    return { line, sets: [], faults: [{ line, reason: error.reason, detail: error.detail }] };
  }
}

/** Spreadsheets fill rows up with empty fields. Throws FIELD_COUNT and, where files were joined, HEADER_AGAIN. */
function fitToHeader(fields: readonly string[], headers: readonly string[], isOpenEnded: boolean): string[] {
  const trimmed = fields.map((field) => field.trim());
  const surplus = trimmed.slice(headers.length);
  if ((trimmed.length < headers.length && !isOpenEnded) || surplus.some((field) => field !== '')) {
    throw new UnreadableRow('FIELD_COUNT', `${fields.length} in place of ${headers.length}`);
  }
  if (headers.every((header, index) => header === headerName(trimmed[index] ?? ''))) {
    throw new UnreadableRow('HEADER_AGAIN', 'where two files were joined');
  }
  return trimmed.slice(0, headers.length);
}

function refuseFuture(
  reading: SetReading,
  fields: readonly string[],
  { dateColumn }: RowReader,
  now: Instant,
): SetReading {
  return 'at' in reading && reading.at > now + FUTURE_TOLERANCE_MICROS
    ? { reason: 'FUTURE', detail: quoted(fields[dateColumn] ?? '') }
    : reading;
}
