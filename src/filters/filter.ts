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
  /** Absent: none. */
  readonly history?: readonly HistoryCondition[];
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

/** How often an event happened to the athlete; `validateFilter` tells whether it is valid. */
export interface HistoryCondition {
  /** A name in the event catalogue. */
  readonly event: string;
  /** A span before the event's time, such as `30d`. */
  readonly within: string;
  /** The least number of events; 0: there is none. */
  readonly at_least: number;
  /** Conditions on those events; absent: all of them count. */
  readonly filter?: FilterGroup;
}

/** Whether the group has neither conditions nor groups. */
export function isEmptyGroup({ conditions, groups, history = [] }: FilterGroup): boolean {
  return conditions.length + groups.length + history.length === 0;
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
  /** The event type does not know the field: each condition reads it in the type of its own value. */
  readonly isUntyped?: true;
  /** For the number of events of a condition on the history: which events count. */
  readonly history?: HistorySpec;
}

/** The events of an athlete that a condition on the history counts. */
export interface HistorySpec {
  readonly event: string;
  /** How far back from the present, in microseconds. */
  readonly span: bigint;
  /** Higher numbers give the same verdict. */
  readonly most: number;
  readonly filter: FilterGroup;
  /** The fields of those events; they are read from the place of the athlete's document. */
  readonly fields: FieldCatalogue;
}

/** The fields that a trigger's filter may use; made by `createFieldCatalogue`. */
export interface FieldCatalogue {
  /** Whether the event carries the values before the change, which diff operators need. */
  readonly carriesDiff: boolean;
  /** Returns the same object for the same name each time; undefined for an unknown field. */
  resolve(name: string): FilterField | undefined;
  /**
   * The canonical name and the fields of an event of the history; undefined for an unknown one. Absent: filters have no
   * conditions on the history.
   */
  readonly history?: (
    event: string,
  ) => { readonly event: string; readonly fields: FieldCatalogue } | undefined;
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
