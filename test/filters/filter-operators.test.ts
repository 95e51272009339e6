/** The table of operators is closed and complete. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIELD_TYPES, type FieldType } from '../../src/filters/filter.ts';
import { isOperator, listOperators, OPERATORS } from '../../src/filters/filter-operators.ts';

const SCALAR = 'equals not_equals in not_in exists is_not_empty is_empty';
const NUMBER = 'greater_than greater_than_or_equal less_than less_than_or_equal between';
const TIME = 'before after on in_last in_next month_is weekday_is';
const CHANGE = 'changed changed_to changed_from';
const MOVE = 'increased_by decreased_by crossed_above crossed_below';

const TEXT =
  'contains starts_with ends_with contains_ignore_case starts_with_ignore_case ends_with_ignore_case';

describe('the operators of each field type', () => {
  const rows: readonly (readonly [FieldType, string, string])[] = [
    ['string', `${SCALAR} ${TEXT}`, CHANGE],
    ['id', SCALAR, CHANGE],
    ['bool', SCALAR, CHANGE],
    ['int', `${SCALAR} ${NUMBER}`, `${CHANGE} ${MOVE}`],
    ['decimal', `${SCALAR} ${NUMBER}`, `${CHANGE} ${MOVE}`],
    ['date', `${SCALAR} ${TIME}`, CHANGE],
    ['timestamp', `${SCALAR} ${TIME}`, CHANGE],
    ['list', 'exists is_not_empty is_empty contains contains_any contains_all size', 'changed'],
  ];
  test.each(rows)('are those of the table for %s', (type, operators, diffs) => {
    expect(listOperators(type).join(' ')).toBe(operators);
    expect(listOperators(type, true).join(' ')).toBe(`${operators} ${diffs}`);
  });

  test('are listed here for every field type', () => {
    expect(rows.map(([type]) => type)).toEqual([...FIELD_TYPES]);
  });
});

test('every operator has a field type, and negates a positive operator of the same types or none', () => {
  const used = new Set(FIELD_TYPES.flatMap((type) => listOperators(type, true)));

  expect(new Set(Object.keys(OPERATORS))).toEqual(used);
  for (const { negates, types, value } of Object.values(OPERATORS)) {
    if (negates) {
      expect(isOperator(negates) && OPERATORS[negates]).toMatchObject({ types, value, negates: null });
    }
  }
});

test('docs/filters.md describes exactly these operators', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/filters.md'), 'utf8');
  const table = page.slice(page.indexOf('## Operators'), page.indexOf('## Time')).split('\n');
  const named = table.flatMap((line) =>
    [...(line.split('|')[1] ?? '').matchAll(/`([a-z_]+)`/g)].map(([, name]) => name),
  );

  expect([...new Set(named)].toSorted()).toEqual(Object.keys(OPERATORS).toSorted());
});
