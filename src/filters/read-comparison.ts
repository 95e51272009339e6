/** Reads the value of a condition into a comparison, by operator and field type. */
import type { Decimal } from 'decimal.js';
import type { Comparison, NumberBound } from './condition-comparison.ts';
import { type FieldType, isList, type JsonValue } from './filter.ts';
import { readDate, readInstant, readNumber, readText, toElementKey, toKey } from './typed-values.ts';

type Value = JsonValue | undefined;

/**
 * Builds the comparison of an operator with the value, for a field of the type; undefined when the value does
 * not fit.
 */
export type ReadComparison = (value: Value, type: FieldType) => Comparison | undefined;

export const readNoValue =
  (comparison: Comparison): ReadComparison =>
  (value) =>
    value === undefined || value === null ? comparison : undefined;

export const readKey: ReadComparison = (value, type) =>
  toKeys([value ?? null], (each) => toConstantKey(type, each));

export const readKeys: ReadComparison = (value, type) => toKeys(value, (each) => toConstantKey(type, each));

export const readChangedKey =
  (kind: 'changed_to' | 'changed_from'): ReadComparison =>
  (value, type) => {
    const key = toConstantKey(type, value);
    return key === undefined ? undefined : { kind, key };
  };

export const readTextAt =
  (position: 'anywhere' | 'start' | 'end', ignoresCase = false): ReadComparison =>
  (value) => {
    const text = readText(value);
    return text
      ? { kind: 'text', position, text: ignoresCase ? foldCase(text) : text, ignoresCase }
      : undefined;
  };

/** Converts A to Z to lower case and leaves other letters unchanged. */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

export const readPart: ReadComparison = (value, type) =>
  type === 'list' ? readElementKeys('any')([value ?? null], type) : readTextAt('anywhere')(value, type);

export const readElementKeys =
  (wants: 'any' | 'all'): ReadComparison =>
  (value) => {
    const read = toKeys(value, toElementKey);
    return read && { kind: 'elements', wants, keys: read.keys };
  };

export const readRangeFrom =
  (isIncluded: boolean): ReadComparison =>
  (value, type) =>
    toRange(toBound(value, type, isIncluded), null);

export const readRangeTo =
  (isIncluded: boolean): ReadComparison =>
  (value, type) =>
    toRange(null, toBound(value, type, isIncluded));

export const readRangeBetween: ReadComparison = (value, type) => {
  if (!isList(value) || value.length !== 2) {
    return undefined;
  }
  const [low, high] = value.map((each) => toBound(each, type, true));
  return low && high && low.number.lte(high.number) ? toRange(low, high) : undefined;
};

/** An undefined bound could not be read. */
function toRange(low: NumberBound | null | undefined, high: NumberBound | null | undefined) {
  return low === undefined || high === undefined ? undefined : ({ kind: 'range', low, high } as const);
}

function toBound(value: Value, type: FieldType, isIncluded: boolean): NumberBound | undefined {
  const number = toConstantNumber(type, value);
  return number && { number, isIncluded };
}

export const readMovedBy =
  (direction: 'up' | 'down'): ReadComparison =>
  (value, type) => {
    const amount = toConstantNumber(type, value);
    return amount?.gt(0) ? { kind: 'moved', direction, amount } : undefined;
  };

export const readCrossing =
  (direction: 'up' | 'down'): ReadComparison =>
  (value, type) => {
    const threshold = toConstantNumber(type, value);
    return threshold && { kind: 'crossed', direction, threshold };
  };

export const readListSize: ReadComparison = (value) => {
  const size = toWholeNumber(value, 0, Number.MAX_SAFE_INTEGER);
  return size === undefined ? undefined : { kind: 'size', size };
};

export const readMonth: ReadComparison = (value) => {
  const month = toWholeNumber(value, 1, 12);
  return month === undefined ? undefined : { kind: 'month', month };
};

export const readWeekday: ReadComparison = (value) => {
  const weekday = toWholeNumber(value, 1, 7);
  return weekday === undefined ? undefined : { kind: 'weekday', weekday };
};

export const readOnDay: ReadComparison = (value) => {
  const date = readDate(value);
  return date === undefined ? undefined : { kind: 'day', relation: 'on', date };
};

export const readBeforeOrAfter =
  (relation: 'before' | 'after'): ReadComparison =>
  (value, type) => {
    const date = readDate(value);
    if (date !== undefined) {
      return { kind: 'day', relation, date };
    }
    const instant = type === 'timestamp' ? readInstant(value) : undefined;
    return instant === undefined ? undefined : { kind: 'instant', relation, instant };
  };

const MICROS = { m: 60_000_000n, h: 3_600_000_000n, d: 86_400_000_000n, w: 604_800_000_000n } as const;

/** Reads a duration such as `7d`. Dates take whole days; for timestamps a day is 24 hours. */
export const readSpan =
  (direction: 'past' | 'future'): ReadComparison =>
  (value, type) => {
    const match = typeof value === 'string' ? /^([1-9][0-9]{0,4})([mhdw])$/.exec(value) : null;
    const unit = match?.[2] as keyof typeof MICROS | undefined;
    if (!match || !unit) {
      return undefined;
    }
    const length = BigInt(`${match[1]}`) * MICROS[unit];
    if (type === 'timestamp') {
      return direction === 'past'
        ? { kind: 'time', from: -length, to: 0n }
        : { kind: 'time', from: 0n, to: length };
    }
    if (unit === 'm' || unit === 'h') {
      return undefined;
    }
    const days = Number(length / MICROS.d);
    return direction === 'past' ? { kind: 'days', from: -days, to: 0 } : { kind: 'days', from: 0, to: days };
  };

function toKeys(values: Value, keyOfOne: (value: JsonValue) => string | undefined) {
  const keys = isList(values) ? values.map(keyOfOne) : [];
  const read = keys.filter((key) => key !== undefined);
  return keys.length > 0 && read.length === keys.length
    ? ({ kind: 'keys', keys: new Set(read) } as const)
    : undefined;
}

function toConstantKey(type: FieldType, value: Value): string | undefined {
  return type === 'int' && !readNumber(value)?.isInteger() ? undefined : toKey(type, value);
}

function toConstantNumber(type: FieldType, value: Value): Decimal | undefined {
  const number = readNumber(value);
  return type === 'int' && !number?.isInteger() ? undefined : number;
}

function toWholeNumber(value: Value, least: number, most: number): number | undefined {
  const number = readNumber(value);
  return number?.isInteger() && number.gte(least) && number.lte(most) ? number.toNumber() : undefined;
}
