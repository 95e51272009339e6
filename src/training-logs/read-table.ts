/**
 * Decodes the bytes of a file, and takes its tables apart into rows that know the line of the file at which
 * they begin.
 */

import { CsvError, parse } from 'csv-parse/sync';
import { TrainingLogError } from './training-log.ts';

const ENCODINGS = [
  { name: 'utf-16le', mark: [0xff, 0xfe] },
  { name: 'utf-16be', mark: [0xfe, 0xff] },
] as const;

/**
 * The text without its byte order mark. Throws TrainingLogError NOT_TEXT for other encodings, which cannot be determined
 * from the bytes, so that names would be read wrongly.
 */
export function decodeText(bytes: Uint8Array): string {
  const encoding = ENCODINGS.find(({ mark }) => mark.every((byte, index) => bytes[index] === byte));
  const text = decode(bytes, encoding?.name ?? 'utf-8');
  if (text === undefined || text.includes('\0')) {
    throw new TrainingLogError(
      'NOT_TEXT',
      'the file is no text in UTF-8, nor in UTF-16 with a byte order mark; a spreadsheet saves such a file as "CSV UTF-8"',
    );
  }
  return text;
}

function decode(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) {
      return undefined;
    }
    throw error;
  }
}

export interface TableRow {
  /** From 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

export interface Table {
  readonly delimiter: Delimiter;
  readonly columns: readonly string[];
  /** Without the header and empty lines. */
  readonly rows: readonly TableRow[];
}

const DELIMITERS = [',', ';', '\t'] as const;
type Delimiter = (typeof DELIMITERS)[number];

/** The part of the header that is searched for the delimiter, in characters. */
const HEADER_LENGTH = 4096;
const [LF, CR] = [10, 13];

/**
 * Reads the table that begins in line `firstLine` of its file. Throws TrainingLogError for a table without a row, and
 * NOT_A_TABLE for a quoted field that never ends.
 */
export function readTable(text: string, firstLine = 1): Table {
  const delimiter = delimiterOf(text);
  const [header, ...rows] = parseRecords(text, delimiter, firstLine);
  if (!header) {
    throw new TrainingLogError('EMPTY', 'the file is empty');
  }
  return { delimiter, columns: header.fields, rows };
}

/** The most frequent one in the first line, outside of quotes; among equals the first. */
function delimiterOf(text: string): Delimiter {
  const header =
    text
      .trimStart()
      .slice(0, HEADER_LENGTH)
      .split(/[\r\n]/, 1)[0] ?? '';
  const bare = header.replace(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}

function parseRecords(text: string, delimiter: Delimiter, firstLine: number): TableRow[] {
  try {
    const bytes = Buffer.from(text);
    const records = parse(bytes, {
      delimiter,
      info: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    }) as unknown as { record: string[]; info: { bytes: number } }[];
    const ends = records.map(({ info }) => info.bytes);
    const lines = startLines(bytes, ends, firstLine);
    return records
      .map(({ record }, index) => ({ line: lines[index] ?? 0, fields: record }))
      .filter(({ fields }) => fields.some((field) => field.trim() !== ''));
  } catch (error) {
    if (error instanceof CsvError) {
      throw new TrainingLogError('NOT_A_TABLE', `the file is no table: ${error.message}`);
    }
    throw error;
  }
}

/** The first line of each record, from the ends of the records; the parser's line count is wrong inside of quotes. */
function startLines(bytes: Uint8Array, ends: readonly number[], firstLine: number): number[] {
  let offset = 0;
  let line = firstLine;
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

const HEADING = /^### ([A-Z][A-Z ]*?) *#*$/;

/** The table under that heading, with its rows' lines in the file; undefined when there is none or it is empty. */
export function findSection(text: string, name: string): Table | undefined {
  const lines = text.split(/\r\n|\n|\r/);
  const heading = lines.findIndex((line) => HEADING.exec(line)?.[1] === name);
  if (heading === -1) {
    return undefined;
  }
  const body = lines.slice(heading + 1);
  const end = body.findIndex((line) => line.startsWith('###'));
  const section = end === -1 ? body : body.slice(0, end);
  return section.every((line) => line.trim() === '') ? undefined : readTable(section.join('\n'), heading + 2);
}
