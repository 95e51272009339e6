/** Reading stored filters. */
import { describe, expect, test } from 'vitest';
import { EMPTY_FILTER, FilterUnreadable, type JsonValue } from '../../src/filters/filter.ts';
import { readStoredFilter } from '../../src/filters/read-filter.ts';
import { and, condition, not, or } from './field-fixtures.ts';

test('a stored filter is read back unchanged', () => {
  const filter = and(
    condition('event_int', 'in', [1, '2']),
    condition('event_string', 'exists', undefined, false),
    not(or(condition('name', 'equals', ''), and(condition('tags', 'size', 0, true)))),
  );

  expect(readStoredFilter(JSON.parse(JSON.stringify(filter)))).toEqual(filter);
});

test('missing properties have the defaults of the empty filter', () => {
  expect(readStoredFilter({})).toEqual(EMPTY_FILTER);
  expect(readStoredFilter({ conditions: [{ field: 'a', operator: 'exists' }], logic: 'OR' })).toEqual(
    or(condition('a', 'exists')),
  );
});

describe('a damaged filter is refused with the path of the damage', () => {
  const leaf = { field: 'a', operator: 'exists' };
  test.each<[JsonValue, string]>([
    [null, 'filter: must be an object'],
    [[], 'filter: must be an object'],
    ['{}', 'filter: must be an object'],
    [{ logic: 'XOR' }, 'filter.logic: must be AND or OR'],
    [{ logic: null }, 'filter.logic: must be AND or OR'],
    [{ not: 'false' }, 'filter.not: must be true or false'],
    [{ conditions: {} }, 'filter.conditions: must be a list'],
    [{ groups: [leaf] }, 'filter.groups[0]: must have no other names than logic, not, conditions, groups'],
    [{ conditions: [5] }, 'filter.conditions[0]: must be an object'],
    [{ conditions: [leaf, { operator: 'exists' }] }, 'filter.conditions[1].field: must be a text'],
    [{ conditions: [{ field: 'a' }] }, 'filter.conditions[0].operator: must be a text'],
    [
      { groups: [{ conditions: [{ ...leaf, if_absent: null }] }] },
      'filter.groups[0].conditions[0].if_absent: must be true or false',
    ],
    [
      { conditions: [{ ...leaf, values: [] }] },
      'filter.conditions[0]: must have no other names than field, operator, value, if_absent',
    ],
    [JSON.parse(`${'{"groups":['.repeat(20_000)}${']}'.repeat(20_000)}`), 'is nested too deep'],
  ])('(example %#)', (json, message) => {
    expect(() => readStoredFilter(json)).toThrow(FilterUnreadable);
    expect(() => readStoredFilter(json)).toThrow(message);
  });
});
