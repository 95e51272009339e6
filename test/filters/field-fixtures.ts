/** A catalogue with a field of every type in every scope, and builders for filters and inputs. */
import { createFieldCatalogue, type FieldDefinition } from '../../src/filters/field-catalogue.ts';
import {
  EMPTY_FILTER,
  FIELD_TYPES,
  type FilterCondition,
  type FilterGroup,
  type FilterInput,
  type JsonObject,
  type JsonValue,
} from '../../src/filters/filter.ts';
import { type Instant, instantFromText } from '../../src/values/instant.ts';

const ofEveryType = (prefix: string): FieldDefinition[] =>
  FIELD_TYPES.map((type) => ({ name: `${prefix}${type}`, type, isPersonal: false }));

/** The built-in fields of athletes. */
const BUILT_IN: readonly FieldDefinition[] = [
  { name: 'name', type: 'string', isPersonal: true },
  { name: 'birth_date', type: 'date', isPersonal: true },
  { name: 'time_zone', type: 'string', isPersonal: false },
  { name: 'tags', type: 'list', isPersonal: false },
  { name: 'created_at', type: 'timestamp', isPersonal: false },
  { name: 'opted_out', type: 'bool', isPersonal: false },
];

/** Fields `event_<type>`, `answers.a_<type>` and `custom.<type>`, and the built-in ones. */
export const CATALOGUE = createFieldCatalogue({
  event: ofEveryType('event_'),
  carriesDiff: true,
  athlete: BUILT_IN,
  account: [...ofEveryType('answers.a_'), ...ofEveryType('custom.')],
});

/** The catalogue of an event type without previous values. */
export const CATALOGUE_WITHOUT_DIFF = createFieldCatalogue({
  event: ofEveryType('event_'),
  carriesDiff: false,
  athlete: BUILT_IN,
  account: [],
});

export function condition(
  field: string,
  operator: string,
  value?: JsonValue,
  ifAbsent?: boolean,
): FilterCondition {
  return {
    field,
    operator,
    ...(value === undefined ? {} : { value }),
    ...(ifAbsent === undefined ? {} : { if_absent: ifAbsent }),
  };
}

export function and(...children: readonly (FilterCondition | FilterGroup)[]): FilterGroup {
  return group('AND', children);
}

export function or(...children: readonly (FilterCondition | FilterGroup)[]): FilterGroup {
  return group('OR', children);
}

export function not(filter: FilterGroup): FilterGroup {
  return { ...filter, not: !filter.not };
}

function group(logic: 'AND' | 'OR', children: readonly (FilterCondition | FilterGroup)[]): FilterGroup {
  const isGroup = (child: FilterCondition | FilterGroup): child is FilterGroup => 'logic' in child;
  return {
    ...EMPTY_FILTER,
    logic,
    conditions: children.filter((child): child is FilterCondition => !isGroup(child)),
    groups: children.filter(isGroup),
  };
}

/** Thursday, 09:45 in Berlin. */
export const NOW: Instant = instantFromText('2026-11-26T08:45:00Z');

export function input(parts: Partial<FilterInput> = {}): FilterInput {
  return { event: {}, previous: null, athlete: {}, occurredAt: NOW, timeZone: 'Europe/Berlin', ...parts };
}

/** The input for an event with these fields. */
export function eventInput(event: JsonObject, previous: JsonObject | null = null): FilterInput {
  return input({ event, previous });
}
