/** Compiles comparisons into tests: of a value, and of a value before and after a change. */
import type { Decimal } from 'decimal.js';
import { weekdayOf } from '../values/civil-date.ts';
import type { DiffComparison, NumberBound, ValueComparison } from './condition-comparison.ts';
import type { FieldType, FilterField, JsonValue } from './filter.ts';
import {
  createKeyReader,
  DATE,
  ELEMENTS,
  type FilterSubject,
  FOLDED_TEXT,
  INSTANT,
  LOCAL_DATE,
  NUMBER,
  PRESENCE,
  type Reader,
  reading,
  TEXT,
} from './filter-subject.ts';
import { EMPTY_LIST_KEY, readNumber, toKey } from './typed-values.ts';
import { createDayBounds, createDayRange } from './zoned-calendar.ts';

type Outcome = boolean | undefined;

/** Tests a subject; undefined when the value is absent. Never throws. */
export type ValueTest = (subject: FilterSubject) => Outcome;

/** Builds a test on the value that a reader reads. */
type On = <T>(reader: Reader<T>, decide: (value: T, subject: FilterSubject) => Outcome) => ValueTest;

type Kind<K extends ValueComparison['kind']> = Extract<ValueComparison, { kind: K }>;

export function createValueTest(comparison: ValueComparison, field: FilterField): ValueTest {
  const on: On = (reader, decide) => {
    const found = reading(field, reader);
    return (subject) => {
      const value = subject.read(found);
      return value === undefined ? undefined : decide(value, subject);
    };
  };
  const key = field.isUntyped && isOfEveryType(comparison) ? PRESENCE : createKeyReader(field.type);
  switch (comparison.kind) {
    case 'exists':
      return on(key, () => true);
    case 'content': {
      const empty = field.type === 'list' && !field.isUntyped ? EMPTY_LIST_KEY : '';
      return on(key, (value) => value !== empty);
    }
    case 'keys':
      return on(key, (value) => comparison.keys.has(value));
    case 'text':
      return createTextTest(comparison, on);
    case 'range':
      return on(NUMBER, (value) => isAbove(value, comparison.low) && isBelow(value, comparison.high));
    case 'elements':
      return createElementsTest(comparison, on);
    case 'size':
      return on(ELEMENTS, (elements) => elements.length === comparison.size);
    default:
      return createTimeTest(comparison, field.type, on);
  }
}

function isOfEveryType({ kind }: ValueComparison): boolean {
  return kind === 'exists' || kind === 'content';
}

function createTextTest({ position, text, ignoresCase }: Kind<'text'>, on: On): ValueTest {
  const reader = ignoresCase ? FOLDED_TEXT : TEXT;
  switch (position) {
    case 'anywhere':
      return on(reader, (value) => value.includes(text));
    case 'start':
      return on(reader, (value) => value.startsWith(text));
    case 'end':
      return on(reader, (value) => value.endsWith(text));
  }
}

function createElementsTest({ wants, keys }: Kind<'elements'>, on: On): ValueTest {
  const wanted = [...keys];
  return wants === 'any'
    ? on(ELEMENTS, (elements) => wanted.some((key) => elements.includes(key)))
    : on(ELEMENTS, (elements) => wanted.every((key) => elements.includes(key)));
}

function isAbove(number: Decimal, low: NumberBound | null): boolean {
  return !low || (low.isIncluded ? number.gte(low.number) : number.gt(low.number));
}

function isBelow(number: Decimal, high: NumberBound | null): boolean {
  return !high || (high.isIncluded ? number.lte(high.number) : number.lt(high.number));
}

type TimeComparison = Kind<'day' | 'instant' | 'days' | 'time' | 'month' | 'weekday'>;

function createTimeTest(comparison: TimeComparison, type: FieldType, on: On): ValueTest {
  const day = type === 'date' ? DATE : LOCAL_DATE;
  switch (comparison.kind) {
    case 'day':
      return type === 'date' ? createDateTest(comparison, on) : createDayTest(comparison, on);
    case 'instant': {
      const { relation, instant } = comparison;
      return on(INSTANT, (value) => (relation === 'before' ? value < instant : value > instant));
    }
    case 'days': {
      const daysAround = createDayRange(comparison.from, comparison.to);
      return on(DATE, (date, { today }) => {
        const days = today === undefined ? undefined : daysAround(today);
        return days && days.first <= date && date <= days.last;
      });
    }
    case 'time':
      return on(INSTANT, (instant, { input }) => {
        const distance = instant - input.occurredAt;
        return comparison.from <= distance && distance <= comparison.to;
      });
    case 'month':
      return on(day, (date) => Number(date.slice(5, 7)) === comparison.month);
    case 'weekday':
      return on(day, (date) => weekdayOf(date) === comparison.weekday);
  }
}

function createDateTest({ relation, date }: Kind<'day'>, on: On): ValueTest {
  switch (relation) {
    case 'before':
      return on(DATE, (value) => value < date);
    case 'after':
      return on(DATE, (value) => value > date);
    case 'on':
      return on(DATE, (value) => value === date);
  }
}

/** Compares an instant with a day, whose bounds depend on the time zone. */
function createDayTest({ relation, date }: Kind<'day'>, on: On): ValueTest {
  const boundsIn = createDayBounds(date);
  switch (relation) {
    case 'before':
      return on(INSTANT, (instant, { zone }) => instant < boundsIn(zone).start);
    case 'after':
      return on(INSTANT, (instant, { zone }) => instant >= boundsIn(zone).end);
    case 'on':
      return on(INSTANT, (instant, { zone }) => {
        const { start, end } = boundsIn(zone);
        return start <= instant && instant < end;
      });
  }
}

/**
 * Tests a change; `before` is null when there was no value. Never throws. Undefined when a value that the
 * comparison needs is absent: `changed` needs either value, `changed_to` the one after, `changed_from` the
 * one before, the others both.
 */
export type DiffTest = (after: JsonValue | undefined, before: JsonValue) => Outcome;

export function createDiffTest(comparison: DiffComparison, type: FieldType): DiffTest {
  switch (comparison.kind) {
    case 'changed':
      return onKeys(type, (after, before) =>
        after === undefined && before === undefined ? undefined : after !== before,
      );
    case 'changed_to':
      return onKeys(type, (after, before) =>
        after === undefined ? undefined : after === comparison.key && before !== comparison.key,
      );
    case 'changed_from':
      return onKeys(type, (after, before) =>
        before === undefined ? undefined : before === comparison.key && after !== comparison.key,
      );
    case 'moved':
      return onNumbers((after, before) => {
        const [low, high] = comparison.direction === 'up' ? [before, after] : [after, before];
        return high.minus(low).gte(comparison.amount);
      });
    case 'crossed': {
      const { threshold } = comparison;
      return comparison.direction === 'up'
        ? onNumbers((after, before) => before.lte(threshold) && after.gt(threshold))
        : onNumbers((after, before) => before.gte(threshold) && after.lt(threshold));
    }
  }
}

type Key = string | undefined;

function onKeys(type: FieldType, decide: (after: Key, before: Key) => Outcome): DiffTest {
  return (after, before) => decide(toKey(type, after), toKey(type, before));
}

function onNumbers(decide: (after: Decimal, before: Decimal) => boolean): DiffTest {
  return (after, before) => {
    const numbers = [readNumber(after), readNumber(before)] as const;
    return numbers[0] && numbers[1] && decide(numbers[0], numbers[1]);
  };
}
