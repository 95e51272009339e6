/** Reads values of documents by field type; a value of another type counts as absent. */

import { Decimal } from 'decimal.js';
import type { CivilDate } from '../values/civil-date.ts';
import { type Instant, instantFromText } from '../values/instant.ts';
import { type FieldType, isList, type JsonValue } from './filter.ts';

/** The rule for values of each field type, as a predicate that starts with "must". */
export const TYPE_RULES: Readonly<Record<FieldType, string>> = {
  string: 'must be a text',
  id: 'must be a UUID',
  bool: 'must be true or false',
  int: 'must be a whole number',
  decimal: 'must be a decimal number, as a number or as text without an exponent',
  date: 'must be a day of the calendar, such as 2026-03-01',
  timestamp: 'must be a time by RFC 3339, such as 2026-03-01T10:00:00Z',
  list: 'must be a list of texts, numbers, true and false',
};

/** Whether a present value has the type. */
export function isOfType(type: FieldType, value: JsonValue): boolean {
  if (type === 'list') {
    return Array.isArray(value) && value.every((element) => toElementKey(element) !== undefined);
  }
  return toKey(type, value) !== undefined && (type !== 'int' || readNumber(value)?.isInteger() === true);
}

/** Describes the problem of a text that PostgreSQL cannot store; undefined for a storable text. */
export function describeTextProblem(text: string): string | undefined {
  return text.includes('\0') || !text.isWellFormed()
    ? 'must be Unicode text without the character 0'
    : undefined;
}

/**
 * Patterns in the syntax that JavaScript and PostgreSQL share. A number has at most 100 digits before and
 * after the point, and no exponent, `+` or spaces.
 */
export const NUMBER_PATTERN = '^-?[0-9]{1,100}(?:\\.[0-9]{1,100})?$';
const COMMON_DAY =
  '(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)' +
  '|02-(?:0[1-9]|1[0-9]|2[0-8]))';
const LEAP_YEAR = '(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)';
const DATE = `(?!0000)(?:[0-9]{4}-${COMMON_DAY}|${LEAP_YEAR}-02-29)`;
export const DATE_PATTERN = `^${DATE}$`;
/** RFC 3339 with upper-case letters and without leap seconds. Digits below a microsecond are cut. */
export const TIMESTAMP_PATTERN =
  `^${DATE}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?` +
  '(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])$';
export const UUID_PATTERN = '^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';

const NUMBER = new RegExp(NUMBER_PATTERN);
const CIVIL_DATE = new RegExp(DATE_PATTERN);
const TIMESTAMP = new RegExp(TIMESTAMP_PATTERN);
const UUID = new RegExp(UUID_PATTERN);

/** JSON numbers have the same range as numbers in text: 0, or from LEAST_SIZE to below SIZE_LIMIT. */
export const SIZE_LIMIT = 1e100;
export const LEAST_SIZE = 1e-100;

/**
 * Exact for differences of two numbers: no number has more than 100 digits before the point and 117 after it.
 */
const Exact = Decimal.clone({ precision: 250 });

/** Reads text, normalized to NFC. */
export function readText(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value.normalize('NFC') : undefined;
}

/** Reads a UUID, converted to lower case. */
export function readId(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && UUID.test(value) ? value.toLowerCase() : undefined;
}

export function readFlag(value: JsonValue | undefined): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** Reads a number exactly; a JSON number has the digits of its shortest form. */
export function readNumber(value: JsonValue | undefined): Decimal | undefined {
  if (typeof value === 'number') {
    const size = Math.abs(value);
    return size === 0 || (size >= LEAST_SIZE && size < SIZE_LIMIT) ? new Exact(value) : undefined;
  }
  return typeof value === 'string' && NUMBER.test(value) ? new Exact(value) : undefined;
}

export function readDate(value: JsonValue | undefined): CivilDate | undefined {
  return typeof value === 'string' && CIVIL_DATE.test(value) ? value : undefined;
}

export function readInstant(value: JsonValue | undefined): Instant | undefined {
  return typeof value === 'string' && TIMESTAMP.test(value)
    ? instantFromText(value.replace(/(\.\d{6})\d+/, '$1'))
    : undefined;
}

/**
 * Reads the keys of a list's elements in order; null for an element that is not a text, number or boolean.
 */
export function readElements(value: JsonValue | undefined): readonly (string | null)[] | undefined {
  return isList(value) ? value.map((element) => toElementKey(element) ?? null) : undefined;
}

/** The key of a list element. Elements have no type, so 5, 5.0 and "5" have the same key. */
export function toElementKey(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') {
    return readText(value);
  }
  return typeof value === 'boolean' ? `${value}` : toNumberKey(value);
}

/** The key of an empty list. */
export const EMPTY_LIST_KEY = '[]';

/**
 * The key of a value: equal exactly for equal values of the type. Undefined when the value is absent or of
 * another type.
 */
export function toKey(type: FieldType, value: JsonValue | undefined): string | undefined {
  switch (type) {
    case 'string':
      return readText(value);
    case 'id':
      return readId(value);
    case 'bool':
      return readFlag(value)?.toString();
    case 'int':
    case 'decimal':
      return toNumberKey(value);
    case 'date':
      return readDate(value);
    case 'timestamp':
      return readInstant(value)?.toString();
    case 'list': {
      const elements = readElements(value);
      return elements && JSON.stringify(elements);
    }
  }
}

function toNumberKey(value: JsonValue | undefined): string | undefined {
  // A fast path: most numbers are small integers.
  return Number.isSafeInteger(value) ? `${value}` : readNumber(value)?.toFixed();
}
