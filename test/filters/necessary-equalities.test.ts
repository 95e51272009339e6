/** Which equalities of the event's fields pick candidates. */
import { expect, test } from 'vitest';
import { compileFilter } from '../../src/filters/compile-filter.ts';
import { EMPTY_FILTER, type FilterGroup } from '../../src/filters/filter.ts';
import { and, CATALOGUE, condition, not, or } from './field-fixtures.ts';

const is = (text: string, ifAbsent?: boolean) => condition('event_string', 'equals', text, ifAbsent);
const isNot = (text: string, ifAbsent?: boolean) => condition('event_string', 'not_equals', text, ifAbsent);
const counts = (...values: number[]) => condition('event_int', 'in', values);
const other = condition('event_decimal', 'greater_than', 5);

/** The keys that each field needs. */
function necessary(filter: FilterGroup): Record<string, string[]> {
  const { necessaryEqualities } = compileFilter(filter, CATALOGUE);
  return Object.fromEntries(
    necessaryEqualities.map(({ field, keys }) => [field.path.join('.'), [...keys].toSorted()]),
  );
}

test.each<[string, FilterGroup, Record<string, string[]>]>([
  ['nothing', EMPTY_FILTER, {}],
  ['one', and(is('a')), { event_string: ['a'] }],
  [
    'in their normal form',
    and(is('cafe\u0301'), counts(5, 1e21)),
    {
      event_string: ['caf\u00e9'],
      event_int: ['1000000000000000000000', '5'],
    },
  ],
  [
    'all of them, beside others',
    and(is('a'), counts(1, 2), other),
    { event_string: ['a'], event_int: ['1', '2'] },
  ],
  ['of one field what they have in common', and(counts(1, 2, 3), counts(2, 3, 4)), { event_int: ['2', '3'] }],
  ['a contradiction', and(is('a'), is('b')), { event_string: [] }],
  ['groups within', and(and(is('a')), or(and(counts(1)))), { event_string: ['a'], event_int: ['1'] }],
  ['alternatives of one field', or(is('a'), is('b')), { event_string: ['a', 'b'] }],
  ['what every alternative needs', or(and(is('a'), counts(1)), is('b')), { event_string: ['a', 'b'] }],
  ['an alternative that needs none of it', or(is('a'), is('b'), other), {}],
  ['alternatives of several fields', or(is('a'), counts(1)), {}],
  ['an alternative in the middle that needs another', or(and(is('a')), and(counts(1)), and(is('b'))), {}],
  ['not another', not(and(isNot('a'))), { event_string: ['a'] }],
  ['none of the others', not(or(isNot('a'), other)), { event_string: ['a'] }],
  ['not all of the others', not(and(isNot('a'), other)), {}],
  ['not it', not(and(is('a'))), {}],
  ['another', and(isNot('a')), {}],
  ['an equality that holds of what is absent', and(is('a', true)), {}],
  ['a negative one that fails of what is absent', not(and(isNot('a', false))), {}],
  [
    'fields of others',
    and(condition('answers.a_int', 'equals', 1), condition('custom.int', 'equals', 1)),
    {},
  ],
])('%s', (_name, filter, keys) => {
  expect(necessary(filter)).toEqual(keys);
});
