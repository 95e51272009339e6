/** The stored form of a filter, and the input that it is evaluated on. */
import type { Instant } from '../values/instant.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** Array.isArray for readonly lists. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Conditions and nested groups, joined by `logic`; `not` negates the group's verdict. */
export interface FilterGroup {
  readonly logic: 'AND' | 'OR';
  readonly not: boolean;
  readonly conditions: readonly FilterCondition[];
  readonly groups: readonly FilterGroup[];
}

/** One condition as its author wrote it; `validateFilter` tells whether it is valid. */
export interface FilterCondition {
  /** A bare name, or a name that starts with `athlete.`, `answers.` or `custom.`. */
  readonly field: string;
  /** A name in filter-operators.ts. */
  readonly operator: string;
  /** Absent for operators without a value. */
  readonly value?: JsonValue;
  /** The verdict for an absent field, instead of the operator's default. */
  readonly if_absent?: boolean;
}

/** The filter that matches every input. */
export const EMPTY_FILTER: FilterGroup = Object.freeze({
  logic: 'AND',
  not: false,
  conditions: Object.freeze([]),
  groups: Object.freeze([]),
});

/**
 * string: text. id: a UUID. bool: true or false. int, decimal: a JSON number or its text. date: `YYYY-MM-DD`.
 * timestamp: RFC 3339. list: texts, numbers and booleans.
 */
export const FIELD_TYPES = ['string', 'id', 'bool', 'int', 'decimal', 'date', 'timestamp', 'list'] as const;

export type FieldType = (typeof FIELD_TYPES)[number];

/** Where the value of a field is stored, and its type. */
export interface FilterField {
  /** `event` and `answers` read the event's document, `athlete` and `custom` the athlete's, `origin` its origin. */
  readonly scope: 'event' | 'athlete' | 'answers' | 'custom' | 'origin';
  /** Property names from the root of that document. */
  readonly path: readonly string[];
  readonly type: FieldType;
  /** Whether the value is redacted for all readers but the athlete's coaches. */
  readonly isPersonal: boolean;
}

/** The fields that a trigger's filter may use; made by `createFieldCatalogue`. */
export interface FieldCatalogue {
  /** Whether the event carries the values before the change, which diff operators need. */
  readonly carriesDiff: boolean;
  /** Returns the same object for the same name each time; undefined for an unknown field. */
  resolve(name: string): FilterField | undefined;
}

/** The input of a filter's evaluation. */
export interface FilterInput {
  /** The event's data; answers of a form are in its `answers`. */
  readonly event: JsonValue;
  /** Who caused the event, in `actor`; absent: not known. */
  readonly origin?: JsonValue;
  /**
   * The values of the changed fields before the change, null for a field without a value; null for events
   * without a change.
   */
  readonly previous: JsonValue | null;
  /** The athlete's built-in fields by name, and the account's own in `attributes`. */
  readonly athlete: JsonValue;
  /** The event's time, which the filter treats as the present. */
  readonly occurredAt: Instant;
  /**
   * The athlete's time zone, else the account's, else UTC. A name that is not an IANA time zone counts as
   * UTC.
   */
  readonly timeZone: string;
}

/** Thrown for a stored filter that cannot be read: it is damaged, or names a removed field. */
export class FilterUnreadable extends Error {
  override readonly name = 'FilterUnreadable';
  /** Path of the unreadable part, such as `filter.groups[0].conditions[1].operator`. */
  readonly path: string;

  constructor(path: string, description: string) {
    super(`${path}: ${description}`);
    this.path = path;
  }
}
