/** The necessary equalities of filters, by which triggers are indexed. */
import { expect, test } from 'vitest';
import { compileFilter } from '../../src/filters/compile-filter.ts';
import { EMPTY_FILTER, type FilterGroup } from '../../src/filters/filter.ts';
import { and, CATALOGUE, condition, not, or } from './field-fixtures.ts';

const is = (text: string, ifAbsent?: boolean) => condition('event_string', 'equals', text, ifAbsent);
const isNot = (text: string, ifAbsent?: boolean) => condition('event_string', 'not_equals', text, ifAbsent);
const counts = (...values: number[]) => condition('event_int', 'in', values);
const other = condition('event_decimal', 'greater_than', 5);

/** The keys of each necessary equality, by field. */
function necessary(filter: FilterGroup): Record<string, string[]> {
  const { necessaryEqualities } = compileFilter(filter, CATALOGUE);
  return Object.fromEntries(
    necessaryEqualities.map(({ field, keys }) => [field.path.join('.'), [...keys].toSorted()]),
  );
}

test.each<[string, FilterGroup, Record<string, string[]>]>([
  ['an empty filter', EMPTY_FILTER, {}],
  ['one equality', and(is('a')), { event_string: ['a'] }],
  [
    'values in other spellings',
    and(is('cafe\u0301'), counts(5, 1e21)),
    {
      event_string: ['caf\u00e9'],
      event_int: ['1000000000000000000000', '5'],
    },
  ],
  [
    'several equalities and another condition',
    and(is('a'), counts(1, 2), other),
    { event_string: ['a'], event_int: ['1', '2'] },
  ],
  ['two sets of one field', and(counts(1, 2, 3), counts(2, 3, 4)), { event_int: ['2', '3'] }],
  ['contradicting equalities', and(is('a'), is('b')), { event_string: [] }],
  ['nested groups', and(and(is('a')), or(and(counts(1)))), { event_string: ['a'], event_int: ['1'] }],
  ['alternatives of one field', or(is('a'), is('b')), { event_string: ['a', 'b'] }],
  ['alternatives that share one field', or(and(is('a'), counts(1)), is('b')), { event_string: ['a', 'b'] }],
  ['an alternative without an equality', or(is('a'), is('b'), other), {}],
  ['alternatives of several fields', or(is('a'), counts(1)), {}],
  ['a middle alternative of another field', or(and(is('a')), and(counts(1)), and(is('b'))), {}],
  ['a negated not_equals', not(and(isNot('a'))), { event_string: ['a'] }],
  ['a negated OR of not_equals', not(or(isNot('a'), other)), { event_string: ['a'] }],
  ['a negated AND of not_equals', not(and(isNot('a'), other)), {}],
  ['a negated equality', not(and(is('a'))), {}],
  ['a not_equals', and(isNot('a')), {}],
  ['an equality that is true for an absent field', and(is('a', true)), {}],
  ['a negated not_equals that is false for an absent field', not(and(isNot('a', false))), {}],
  [
    'fields of answers and athletes',
    and(condition('answers.a_int', 'equals', 1), condition('custom.int', 'equals', 1)),
    {},
  ],
])('the necessary equalities of %s', (_name, filter, keys) => {
  expect(necessary(filter)).toEqual(keys);
});
