/** A filter as it is stored, and what it is evaluated against. */
import type { Instant } from '../values/instant.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** Array.isArray, for lists that are not to be changed. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Conditions and further groups, joined by `logic`; `not` turns the group's verdict around. */
export interface FilterGroup {
  readonly logic: 'AND' | 'OR';
  readonly not: boolean;
  readonly conditions: readonly FilterCondition[];
  readonly groups: readonly FilterGroup[];
}

/** One comparison, as its author wrote it; validate-filter.ts says whether it is one. */
export interface FilterCondition {
  /** A bare name, or one under `athlete.`, `answers.` or `custom.`. */
  readonly field: string;
  /** A name from operators.ts. */
  readonly operator: string;
  /** Absent for operators that compare with nothing. */
  readonly value?: JsonValue;
  /** The verdict when the field is absent, instead of the operator's own. */
  readonly if_absent?: boolean;
}

/** Matches everything. */
export const EMPTY_FILTER: FilterGroup = Object.freeze({
  logic: 'AND',
  not: false,
  conditions: Object.freeze([]),
  groups: Object.freeze([]),
});

/**
 * string: text. id: a UUID. bool: true or false. int, decimal: a JSON number or its text. date: `YYYY-MM-DD`.
 * timestamp: RFC 3339. list: of texts, numbers and booleans.
 */
export const FIELD_TYPES = ['string', 'id', 'bool', 'int', 'decimal', 'date', 'timestamp', 'list'] as const;

export type FieldType = (typeof FIELD_TYPES)[number];

/** Where a field's value is, and what it is when it is there. */
export interface FilterField {
  /** `event` and `answers` read the event's document, `athlete` and `custom` the athlete's. */
  readonly scope: 'event' | 'athlete' | 'answers' | 'custom';
  /** From the top of that document, name by name. */
  readonly path: readonly string[];
  readonly type: FieldType;
  /** Values that others than the athlete's coaches see masked. */
  readonly isPersonal: boolean;
}

/** What the conditions of a trigger's filter may name; made by createFieldCatalogue. */
export interface FieldCatalogue {
  /** Whether the event brings the state before the change, which the diff operators need. */
  readonly carriesDiff: boolean;
  /** undefined: there is no such field. The same object for the same name each time. */
  resolve(name: string): FilterField | undefined;
}

/** What a filter is evaluated against. */
export interface FilterInput {
  /** The event's data; the answers of a form are its `answers`. */
  readonly event: JsonValue;
  /** What the fields that changed were before, null for one that had no value; null for events without a change. */
  readonly previous: JsonValue | null;
  /** The athlete's built-in fields by name, and `attributes` by name. */
  readonly athlete: JsonValue;
  /** The event's own time, which is the present as far as the filter is concerned. */
  readonly occurredAt: Instant;
  /** The athlete's, else the account's, else UTC. A name that is no zone of IANA's counts as UTC. */
  readonly timeZone: string;
}

/** A stored filter that can no longer be read: damaged, or about fields that are no more. */
export class FilterUnreadable extends Error {
  override readonly name = 'FilterUnreadable';
  /** What cannot be read, as in `filter.groups[0].conditions[1].operator`. */
  readonly path: string;

  constructor(path: string, description: string) {
    super(`${path}: ${description}`);
    this.path = path;
  }
}
