/** What each comparison of a value means: true or false, or undefined when the value is absent. */
import type { Decimal } from 'decimal.js';
import { type CivilDate, weekdayOf } from '../time/civil-date.ts';
import type { NumberBound, ValueComparison } from './comparison.ts';
import { foldCase } from './constants.ts';
import type { FieldType, FilterInput, JsonValue } from './filter.ts';
import { calendarDateOf, createDayBounds, daysAround, momentOf } from './moment.ts';
import {
  EMPTY_LIST_KEY,
  keyOf,
  readDate,
  readElements,
  readInstant,
  readNumber,
  readText,
} from './values.ts';

type Value = JsonValue | undefined;
type Outcome = boolean | undefined;

/** Whatever the value is, it does not throw. */
export type ValueTest = (value: Value, input: FilterInput) => Outcome;

export function createValueTest(comparison: ValueComparison, type: FieldType): ValueTest {
  const readKey = (value: Value) => keyOf(type, value);
  switch (comparison.kind) {
    case 'exists':
      return onValue(readKey, () => true);
    case 'content':
      return onValue(readKey, (key) => key !== '' && !(type === 'list' && key === EMPTY_LIST_KEY));
    case 'keys':
      return onValue(readKey, (key) => comparison.keys.has(key));
    case 'text':
      return createTextTest(comparison);
    case 'range':
      return onValue(
        readNumber,
        (number) => isAbove(number, comparison.low) && isBelow(number, comparison.high),
      );
    case 'elements': {
      const wanted = [...comparison.keys];
      return onValue(readElements, (elements) =>
        comparison.wants === 'any'
          ? elements.some((element) => element !== null && comparison.keys.has(element))
          : wanted.every((key) => elements.includes(key)),
      );
    }
    case 'size':
      return onValue(readElements, (elements) => elements.length === comparison.size);
    default:
      return createTimeTest(comparison, type);
  }
}

type Kind<K extends ValueComparison['kind']> = Extract<ValueComparison, { kind: K }>;

function createTextTest({ place, text, ignoresCase }: Kind<'text'>): ValueTest {
  const read = ignoresCase
    ? (value: Value) => {
        const original = readText(value);
        return original === undefined ? undefined : foldCase(original);
      }
    : readText;
  switch (place) {
    case 'anywhere':
      return onValue(read, (value) => value.includes(text));
    case 'start':
      return onValue(read, (value) => value.startsWith(text));
    case 'end':
      return onValue(read, (value) => value.endsWith(text));
  }
}

function createTimeTest(
  comparison: Kind<'day' | 'instant' | 'days' | 'time' | 'month' | 'weekday'>,
  type: FieldType,
): ValueTest {
  const readDay = type === 'date' ? readDate : readLocalDate;
  switch (comparison.kind) {
    case 'day':
      return type === 'date' ? createDateTest(comparison) : createDayTest(comparison);
    case 'instant': {
      const { relation, instant } = comparison;
      return onValue(readInstant, (value) => (relation === 'before' ? value < instant : value > instant));
    }
    case 'days':
      return onValue(readDate, (date, input) => {
        const days = daysAround(momentOf(input).today, comparison.from, comparison.to);
        return days && days.first <= date && date <= days.last;
      });
    case 'time':
      return onValue(readInstant, (instant, { occurredAt }) => {
        const distance = instant - occurredAt;
        return comparison.from <= distance && distance <= comparison.to;
      });
    case 'month':
      return onValue(readDay, (date) => Number(date.slice(5, 7)) === comparison.month);
    case 'weekday':
      return onValue(readDay, (date) => weekdayOf(date) === comparison.weekday);
  }
}

function readLocalDate(value: Value, input: FilterInput): CivilDate | undefined {
  const instant = readInstant(value);
  return instant === undefined ? undefined : calendarDateOf(instant, momentOf(input).zone);
}

function createDateTest({ relation, date }: Kind<'day'>): ValueTest {
  switch (relation) {
    case 'before':
      return onValue(readDate, (value) => value < date);
    case 'after':
      return onValue(readDate, (value) => value > date);
    case 'on':
      return onValue(readDate, (value) => value === date);
  }
}

/** Where an instant is beside a day, which is elsewhere in each zone. */
function createDayTest({ relation, date }: Kind<'day'>): ValueTest {
  const boundsIn = createDayBounds(date);
  return onValue(readInstant, (instant, input) => {
    const { start, end } = boundsIn(momentOf(input).zone);
    switch (relation) {
      case 'before':
        return instant < start;
      case 'after':
        return instant >= end;
      case 'on':
        return start <= instant && instant < end;
    }
  });
}

function onValue<T>(
  read: (value: Value, input: FilterInput) => T | undefined,
  decide: (value: T, input: FilterInput) => Outcome,
): ValueTest {
  return (value, input) => {
    const found = read(value, input);
    return found === undefined ? undefined : decide(found, input);
  };
}

function isAbove(number: Decimal, low: NumberBound | null): boolean {
  return !low || (low.isIncluded ? number.gte(low.number) : number.gt(low.number));
}

function isBelow(number: Decimal, high: NumberBound | null): boolean {
  return !high || (high.isIncluded ? number.lte(high.number) : number.lt(high.number));
}
