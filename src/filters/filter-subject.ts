/**
 * Reads field values from the documents of a filter's input, and caches them, because thousands of filters
 * read the same event.
 */

import type { CivilDate } from '../values/civil-date.ts';
import {
  type FieldType,
  type FilterField,
  type FilterInput,
  isList,
  type JsonObject,
  type JsonValue,
} from './filter.ts';
import { foldCase } from './read-comparison.ts';
import { readDate, readElements, readInstant, readNumber, readText, toKey } from './typed-values.ts';
import { toCalendarDate, toCanonicalZone, toLocalDate } from './zoned-calendar.ts';

/** The current value of the field, null included; undefined when it is absent. */
export function readCurrentValue(field: FilterField, input: FilterInput): JsonValue | undefined {
  return readValueAt(documentOf(field, input), field.path);
}

function documentOf({ scope }: FilterField, { event, athlete, origin = null }: FilterInput): JsonValue {
  switch (scope) {
    case 'event':
    case 'answers':
      return event;
    case 'athlete':
    case 'custom':
      return athlete;
    case 'origin':
      return origin;
  }
}

/** The value of an event's field before the change; undefined when the field did not change. */
export function readPreviousValue(field: FilterField, input: FilterInput): JsonValue | undefined {
  return readValueAt(input.previous, field.path);
}

export function readsAthlete({ scope }: FilterField): boolean {
  return scope === 'athlete' || scope === 'custom';
}

/** Reads only own properties, so that names such as `constructor` find nothing. */
export function readValueAt(document: JsonValue, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = document;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = value[name];
  }
  return value;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}

/** A way to read values. Names are unique. */
export interface Reader<T> {
  readonly name: string;
  /** Undefined when the value is absent. */
  read(value: JsonValue | undefined, subject: FilterSubject): T | undefined;
}

export class FilterSubject {
  readonly input: FilterInput;
  readonly #values = new Map<Reading<unknown>, unknown>();
  #zone: string | undefined;
  #today: { readonly date: CivilDate | undefined } | undefined;

  constructor(input: FilterInput) {
    this.input = input;
  }

  /** The time zone in which dates are read. */
  get zone(): string {
    this.#zone ??= toCanonicalZone(this.input.timeZone);
    return this.#zone;
  }

  /** The calendar day of the event; undefined outside the years 1 to 9999. */
  get today(): CivilDate | undefined {
    this.#today ??= { date: toLocalDate(this.zone, this.input.occurredAt) };
    return this.#today.date;
  }

  /** Reads the field's value once and caches it. */
  read<T>(getReading: Reading<T>): T | undefined {
    const known = this.#values.get(getReading);
    if (known !== undefined || this.#values.has(getReading)) {
      return known as T | undefined;
    }
    const value = getReading.reader.read(readCurrentValue(getReading.field, this.input), this);
    this.#values.set(getReading, value);
    return value;
  }
}

const subjects = new WeakMap<FilterInput, FilterSubject>();

/** Returns the same subject for the same input. */
export function getFilterSubject(input: FilterInput): FilterSubject {
  const known = subjects.get(input);
  if (known) {
    return known;
  }
  const subject = new FilterSubject(input);
  subjects.set(input, subject);
  return subject;
}

/** A field together with the reader of its value; the cache key. */
export interface Reading<T> {
  readonly field: FilterField;
  readonly reader: Reader<T>;
}

const readings = new WeakMap<FilterField, Map<string, Reading<unknown>>>();

/**
 * Returns the same reading for the same field object and reader name, so that all filters of a catalogue
 * share it.
 */
export function reading<T>(field: FilterField, reader: Reader<T>): Reading<T> {
  const ofField = readings.get(field) ?? new Map<string, Reading<unknown>>();
  readings.set(field, ofField);
  const known = ofField.get(reader.name) ?? { field, reader };
  ofField.set(reader.name, known);
  // Reader names are unique, so the name determines the type.
  return known as Reading<T>;
}

export const createKeyReader = (type: FieldType): Reader<string> => ({
  name: `key of ${type}`,
  read: (value) => toKey(type, value),
});

/** For values of any type: '' for an empty text or list. */
export const PRESENCE: Reader<string> = {
  name: 'presence',
  read: (value) =>
    value === undefined || value === null
      ? undefined
      : value === '' || (isList(value) && value.length === 0)
        ? ''
        : 'present',
};

export const TEXT = { name: 'text', read: readText } satisfies Reader<string>;

export const FOLDED_TEXT: Reader<string> = {
  name: 'folded text',
  read(value) {
    const text = readText(value);
    return text === undefined ? undefined : foldCase(text);
  },
};

export const NUMBER = { name: 'number', read: readNumber } satisfies Reader<unknown>;
export const DATE = { name: 'date', read: readDate } satisfies Reader<CivilDate>;
export const INSTANT = { name: 'instant', read: readInstant } satisfies Reader<bigint>;
export const ELEMENTS = { name: 'elements', read: readElements } satisfies Reader<unknown>;

/** Reads the calendar day of a timestamp in the subject's time zone. */
export const LOCAL_DATE: Reader<CivilDate> = {
  name: 'local date',
  read(value, { zone }) {
    const instant = readInstant(value);
    return instant === undefined ? undefined : toCalendarDate(instant, zone);
  },
};
