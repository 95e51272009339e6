/** Takes the bytes of a table apart into rows that know where in the file they begin. */
import { CsvError, parse } from 'csv-parse/sync';
import { ReplayError } from './training-log.ts';

export interface TableRow {
  /** From 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

export interface Table {
  readonly delimiter: ',' | ';';
  readonly columns: readonly string[];
  /** Without the header and empty lines. */
  readonly rows: readonly TableRow[];
}

/** How much of the file is looked at for the delimiter. */
const HEADER_BYTES = 4096;
const [LF, CR] = [10, 13];

/** Throws ReplayError for an empty file and for a quoted field that never ends. */
export function readTable(bytes: Uint8Array): Table {
  const start = Buffer.from(bytes.subarray(0, HEADER_BYTES)).toString().trimStart();
  const header = start.split(/[\r\n]/, 1)[0] ?? '';
  const delimiter = header.split(';').length > header.split(',').length ? ';' : ',';
  const [first, ...rows] = parseRecords(bytes, delimiter);
  if (!first) {
    throw new ReplayError('the file is empty');
  }
  return { delimiter, columns: first.fields, rows };
}

function parseRecords(bytes: Uint8Array, delimiter: string): TableRow[] {
  try {
    const records = parse(Buffer.from(bytes), {
      bom: true,
      delimiter,
      info: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    }) as unknown as { record: string[]; info: { bytes: number } }[];
    const lines = startLines(
      bytes,
      records.map(({ info }) => info.bytes),
    );
    return records.map(({ record }, index) => ({ line: lines[index] ?? 0, fields: record }));
  } catch (error) {
    if (error instanceof CsvError) {
      throw new ReplayError(`the file is no table: ${error.message}`);
    }
    throw error;
  }
}

/** Where each record begins, by where each ends; the parser's own count of lines goes wrong inside of quotes. */
function startLines(bytes: Uint8Array, ends: readonly number[]): number[] {
  let offset = 0;
  let line = 1;
  function step(): void {
    const isPair = bytes[offset] === CR && bytes[offset + 1] === LF;
    line += Number(isLineBreak(bytes[offset]));
    offset += isPair ? 2 : 1;
  }
  return ends.map((end) => {
    while (isLineBreak(bytes[offset])) {
      step();
    }
    const start = line;
    while (offset < end) {
      step();
    }
    return start;
  });
}

function isLineBreak(byte: number | undefined): boolean {
  return byte === LF || byte === CR;
}
