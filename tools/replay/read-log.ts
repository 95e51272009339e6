/** Reads a training log from its bytes: the table, the format that its columns tell, and row by row what it says. */
import type { Instant } from '../../src/values/instant.ts';
import { quoted } from './cells.ts';
import { type Cells, LOG_FORMATS, type LogFormat } from './log-formats.ts';
import { readTable, type Table, type TableRow } from './read-table.ts';
import { type LogEntry, ReplayError, type TrainingLog, UnusableRow, type UnusedRow } from './training-log.ts';

/** As far ahead of the server's clock as it lets events be. */
const FUTURE_TOLERANCE_MICROS = 5n * 60_000_000n;

/** Throws ReplayError when it is no table, or none of a known format. Rows that cannot be used are listed as unused. */
export function readLog(bytes: Uint8Array, now: Instant): TrainingLog {
  const table = readTable(bytes);
  const names = table.columns.map(columnName);
  const format = LOG_FORMATS.find(({ columns }) => columns.every((column) => names.includes(column)));
  if (!format) {
    throw new ReplayError(unknownColumns(table.columns));
  }
  const entries: LogEntry[] = [];
  const unused: UnusedRow[] = [];
  for (const row of table.rows) {
    try {
      entries.push(readEntry(row, table, format, now));
    } catch (error) {
      if (!(error instanceof UnusableRow)) {
        throw error;
      }
      unused.push({ line: row.line, reason: error.reason, detail: error.detail });
    }
  }
  const { name: formatName, programSlug } = format;
  return { formatName, programSlug, rowCount: table.rows.length, entries, unused };
}

function readEntry({ line, fields }: TableRow, table: Table, format: LogFormat, now: Instant): LogEntry {
  if (fields.length !== table.columns.length) {
    throw new UnusableRow('FIELD_COUNT', `${fields.length} in place of ${table.columns.length}`);
  }
  const cells = new Map(table.columns.map((column, index) => [columnName(column), fields[index] ?? '']));
  const unit = table.columns.map(unitInHeader).find((text) => text !== undefined);
  const cellOf: Cells = (column) => cells.get(column)?.trim() || (column === 'weight unit' && unit) || '';
  const entry = format.readRow(cellOf, table.delimiter === ';');
  if (entry.at > now + FUTURE_TOLERANCE_MICROS) {
    throw new UnusableRow('FUTURE', quoted(cellOf('date')));
  }
  return { ...entry, line };
}

const UNIT_IN_HEADER = /^weight \((\w+)\)$/;

/** Lower case; `Weight (kg)` is a weight. */
function columnName(header: string): string {
  return header.trim().toLowerCase().replace(UNIT_IN_HEADER, 'weight');
}

function unitInHeader(header: string): string | undefined {
  return UNIT_IN_HEADER.exec(header.trim().toLowerCase())?.[1];
}

function unknownColumns(columns: readonly string[]): string {
  const found = JSON.stringify(columns.join(',').slice(0, 200));
  const known = LOG_FORMATS.map((format) => `${format.name} (${format.columns.join(', ')})`);
  return `the file is no training log that is known here: its columns are ${found}; known are ${known.join(' and ')}`;
}
