/** The catalogue of events: each row is consistent. */
import { describe, expect, test } from 'vitest';
import { createAccountTypes } from '../../../src/automation/event-types/account-types.ts';
import { CATEGORIES, type EventType } from '../../../src/automation/event-types/event-type.ts';
import {
  builtInEventType,
  canonicalEventName,
  EVENT_TYPES,
} from '../../../src/automation/event-types/event-types.ts';
import { validateEventData } from '../../../src/automation/event-types/validate-event-data.ts';
import { readConfig } from '../../../src/config/config.ts';
import { compileFilter } from '../../../src/filters/compile-filter.ts';
import {
  EMPTY_FILTER,
  type FieldType,
  type FilterGroup,
  type FilterInput,
  type JsonValue,
} from '../../../src/filters/filter.ts';
import {
  listOperators,
  OPERATORS,
  type OperatorName,
  type ValueShape,
} from '../../../src/filters/filter-operators.ts';
import { validateFilter } from '../../../src/filters/validate-filter.ts';
import { instantFromText } from '../../../src/values/instant.ts';

const { limits } = readConfig({});
const TYPES = createAccountTypes([], []);

/** A value of each type, to compare with. */
const VALUES: Readonly<Record<FieldType, JsonValue>> = {
  string: 'text',
  id: '01900000-0000-7000-8000-00000000a001',
  bool: true,
  int: 3,
  decimal: '102.5',
  date: '2026-03-01',
  timestamp: '2026-03-01T10:00:00Z',
  list: 'element',
};

/** What an operator of the shape compares a field of the type with. */
function valueFor(shape: ValueShape, type: FieldType): JsonValue | undefined {
  const one = VALUES[type];
  const values: Readonly<Record<ValueShape, JsonValue | undefined>> = {
    ...{ none: undefined, one, number: one, amount: one, several: [one], range: [one, one] },
    ...{ text: 'text', part: 'text', elements: ['text'], count: 1 },
    ...{ day: '2026-03-01', date: '2026-03-01', span: '7d', month: 3, weekday: 7 },
  };
  return values[shape];
}

function filterOf(field: string, operator: string, value: JsonValue | undefined): FilterGroup {
  const condition = { field, operator, ...(value === undefined ? {} : { value }) };
  return { ...EMPTY_FILTER, conditions: [condition] };
}

/** The type's sample, as an event of an athlete without a profile. */
function sampleInput({ sample, samplePrevious }: EventType): FilterInput {
  const occurredAt = instantFromText('2026-03-02T18:00:00Z');
  return { event: sample, previous: samplePrevious, athlete: {}, occurredAt, timeZone: 'UTC' };
}

test('the catalogue has every event of each category, in their order', () => {
  const counts = CATEGORIES.map((category) => [
    category,
    EVENT_TYPES.filter((type) => type.category === category).length,
  ]);
  expect(Object.fromEntries(counts)).toEqual({
    ...{ training: 16, contact: 5, form: 2, pipeline: 4, appointment: 4 },
    ...{ payment: 3, communication: 4, time: 4, automation: 5, custom: 0 },
  });
  expect(new Set(EVENT_TYPES.map(({ name }) => name)).size).toBe(EVENT_TYPES.length);
  expect(EVENT_TYPES.map(({ category }) => CATEGORIES.indexOf(category))).toEqual(
    EVENT_TYPES.map(({ category }) => CATEGORIES.indexOf(category)).toSorted((a, b) => a - b),
  );
});

describe.each(EVENT_TYPES.map((type) => ({ name: type.name, type })))('$name', ({ name, type }) => {
  const catalogue = TYPES.fieldCatalogue(type);

  test('has names, descriptions, and its required configuration among its fields', () => {
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
    const names = type.fields.map((field) => field.name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name: fieldName, description } of [...type.fields, type]) {
      expect(fieldName).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(description).toMatch(/^[A-Z].*[^.]\.$/);
    }
    for (const required of type.requiredConfiguration) {
      expect(type.fields).toContainEqual(expect.objectContaining({ name: required, type: 'string' }));
    }
  });

  test('has a sample with every field, and validates it', () => {
    const { sample, samplePrevious, hasPrevious } = type;
    expect(validateEventData(type, { data: sample, previous: samplePrevious }, limits)).toEqual([]);
    expect(Object.keys(sample)).toEqual(type.fields.map((field) => field.name));
    expect(samplePrevious !== null).toBe(hasPrevious);
    for (const [field, before] of Object.entries(samplePrevious ?? {})) {
      expect(sample[field]).not.toEqual(before);
    }
  });

  test('fires an empty filter', () => {
    expect(validateFilter(EMPTY_FILTER, catalogue, 'filter', limits)).toEqual([]);
    expect(compileFilter(EMPTY_FILTER, catalogue).matches(sampleInput(type))).toBe(true);
  });

  test.each(type.fields)('allows the operators of its type for $name, and no others', (field) => {
    const legal = new Set<string>(listOperators(field.type, type.hasPrevious));
    expect(legal.size).toBeGreaterThan(0);
    for (const operator of Object.keys(OPERATORS) as OperatorName[]) {
      const filter = filterOf(field.name, operator, valueFor(OPERATORS[operator].value, field.type));
      const violations = validateFilter(filter, catalogue, 'filter', limits).map((each) => each.field);
      expect(violations, operator).toEqual(legal.has(operator) ? [] : ['filter.conditions[0].operator']);
    }
  });

  test.each(type.fields)('has $name in its sample, as filters read it', (field) => {
    const value = type.sample[field.name] ?? null;
    const operator = field.type === 'list' ? 'contains_all' : 'equals';
    const { matches } = compileFilter(filterOf(field.name, operator, value), catalogue);
    expect(matches(sampleInput(type))).toBe(true);
    expect(matches({ ...sampleInput(type), event: {} })).toBe(false);
  });

  test('reports every changed field as changed', () => {
    for (const field of Object.keys(type.samplePrevious ?? {})) {
      const { matches } = compileFilter(filterOf(field, 'changed', undefined), catalogue);
      expect(matches(sampleInput(type)), field).toBe(true);
      expect(matches({ ...sampleInput(type), previous: type.sample }), field).toBe(false);
    }
  });
});

describe('a name', () => {
  test.each([
    ['contact.created', 'contact_created'],
    ['contact_created', 'contact_created'],
    ['lift.max.changed', 'lift_max_changed'],
    ['appointment.no_show', 'appointment_no_show'],
    ['custom.field_changed', 'custom.field_changed'],
    ['custom.checked_in', 'custom.checked_in'],
    ['contact.gone', 'contact.gone'],
    ['Contact.created', 'Contact.created'],
    ['', ''],
  ])('%j means %j', (text, name) => {
    expect(canonicalEventName(text)).toBe(name);
  });

  test.each(EVENT_TYPES.map((type) => [type.name, type]))('%s has its own name', (name, type) => {
    expect(builtInEventType(`${name}`)).toBe(type);
    expect(TYPES.eventType(`${name}`)).toBe(type);
    expect(TYPES.eventType(`${name}`.replace('_', '.'))).toBe(
      `${name}`.startsWith('custom_') ? undefined : type,
    );
  });
});
