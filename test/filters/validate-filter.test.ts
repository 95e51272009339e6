/** Validation of filters before they are stored. */
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import type { FilterCondition, FilterGroup, JsonValue } from '../../src/filters/filter.ts';
import { EMPTY_FILTER } from '../../src/filters/filter.ts';
import { validateFilter } from '../../src/filters/validate-filter.ts';
import { and, CATALOGUE, CATALOGUE_WITHOUT_DIFF, condition, not, or } from './field-fixtures.ts';

const { limits } = readConfig({});
const validate = (filter: FilterGroup) => validateFilter(filter, CATALOGUE, 'trigger.filter', limits);
const valid = condition('event_string', 'equals', 'a');

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

describe('a filter is valid with', () => {
  test.each<[string, FilterGroup]>([
    ['no conditions', EMPTY_FILTER],
    ['one condition', and(valid)],
    ['20 conditions, 4 levels deep', and(...times(17, valid), or(valid, not(or(valid, and(valid)))))],
    ['a list of 200 values', and(condition('event_string', 'in', times(200, 'a')))],
    ['a text of 1,024 characters', and(condition('event_string', 'equals', '\u{1f3cb}'.repeat(1_024)))],
    [
      'null as the value of an operator without a value',
      and({ ...condition('event_string', 'exists'), value: null }),
    ],
  ])('%s', (_name, filter) => {
    expect(validate(filter)).toEqual([]);
  });
});

test('all violations are returned at once, with their paths', () => {
  const filter = and(
    condition('gone', 'equals', 'a'),
    condition('event_int', 'is', 5),
    condition('event_int', 'contains', 'a'),
    or(valid, condition('event_int', 'equals', 'five'), and()),
    condition('nowhere', 'nothing'),
  );

  expect(validate(filter)).toEqual([
    {
      field: 'trigger.filter.conditions[0].field',
      description: expect.stringMatching(/^Unknown field "gone"/),
    },
    {
      field: 'trigger.filter.conditions[1].operator',
      description: expect.stringMatching(/^Invalid filter operator; .* equals, not_equals,/),
    },
    {
      field: 'trigger.filter.conditions[2].operator',
      description: expect.stringMatching(/^Invalid filter operator/),
    },
    {
      field: 'trigger.filter.conditions[3].field',
      description: expect.stringMatching(/^Unknown field "nowhere"/),
    },
    { field: 'trigger.filter.conditions[3].operator', description: 'Invalid filter operator' },
    { field: 'trigger.filter.groups[0].conditions[1].value', description: 'must be a whole number' },
    { field: 'trigger.filter.groups[0].groups[0]', description: 'must have at least one condition or group' },
  ]);
});

describe('the limits of a filter refuse', () => {
  test('21 conditions at any level', () => {
    const violation = {
      field: 'trigger.filter.conditions',
      description: 'Maximum 20 filter conditions allowed',
    };

    expect(validate(and(...times(21, valid)))).toEqual([violation]);
    expect(validate(and(...times(10, valid), or(...times(11, valid))))).toEqual([violation]);
    expect(validate(and(...times(21, condition('gone', 'exists'))))[0]).toEqual(violation);
  });

  test('groups 5 levels deep, without checking their conditions', () => {
    const tooDeep = and(and(and(and(and(condition('gone', 'exists'))))));

    expect(validate(tooDeep)).toEqual([
      {
        field: 'trigger.filter.groups[0].groups[0].groups[0].groups[0]',
        description: 'must not be nested: groups go at most 4 deep',
      },
    ]);
  });

  test('a list of 201 values', () => {
    expect(validate(and(condition('event_int', 'in', times(201, 5))))).toEqual([
      { field: 'trigger.filter.conditions[0].value', description: 'must be a list of at most 200' },
    ]);
  });

  test('texts of 1,025 characters', () => {
    const long = 'a'.repeat(1_025);

    expect(
      validate(
        and(condition('event_string', 'equals', long), condition('tags', 'contains_any', ['a', long])),
      ),
    ).toEqual([
      { field: 'trigger.filter.conditions[0].value', description: 'must have at most 1024 characters' },
      { field: 'trigger.filter.conditions[1].value[1]', description: 'must have at most 1024 characters' },
    ]);
  });

  test('more than 16 KiB as JSON, with only the size as violation', () => {
    const base = and(...times(16, condition('event_string', 'equals', 'a'.repeat(900))));
    const rest = 16 * 1024 - JSON.stringify(base).length;
    const padded = (more: number) =>
      and(
        ...base.conditions,
        condition(
          'gone',
          'x',
          'a'.repeat(rest - ',{"field":"gone","operator":"x","value":""}'.length + more),
        ),
      );

    expect(validate(padded(0)).map(({ field }) => field)).toEqual([
      'trigger.filter.conditions[16].field',
      'trigger.filter.conditions[16].operator',
    ]);
    expect(validate(padded(1))).toEqual([
      { field: 'trigger.filter', description: 'must take at most 16384 bytes as JSON, not 16385' },
    ]);
  });

  test('too many bytes, not characters', () => {
    const umlauts = condition('event_string', 'equals', '\u00e4'.repeat(1_000));

    expect(validate(and(...times(9, umlauts)))[0]?.field).toBe('trigger.filter');
  });
});

test('a negated empty filter is refused because it would never match', () => {
  expect(validate(not(EMPTY_FILTER))).toEqual([
    {
      field: 'trigger.filter.not',
      description: 'must be false without conditions: nothing would ever match',
    },
  ]);
});

describe('an unknown name is refused as a field:', () => {
  test.each([
    '',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'athlete.__proto__',
    'custom.constructor',
    'answers.__proto__.polluted',
    "name'; drop table users; --",
    "custom.x' or '1'='1",
    'custom.int::text',
    'attributes.int',
    'attributes',
    'athlete.attributes.int',
    'event.event_int',
    'EVENT_INT',
    ' event_int',
    'event_int\0',
    '\ud800',
    'a'.repeat(10_000),
  ])('%j', (field) => {
    const [violation, ...others] = validate(and(condition(field, 'equals', 5)));

    expect(others).toEqual([]);
    expect(violation?.field).toBe('trigger.filter.conditions[0].field');
    expect(violation?.description).toMatch(/^Unknown field /);
    expect(violation?.description.length).toBeLessThan(300);
    expect(violation?.description.isWellFormed()).toBe(true);
  });

  test.each(['__proto__', 'constructor', 'valueOf', '', 'EQUALS', 'equals '])(
    'and %j is refused as an operator',
    (operator) => {
      expect(validate(and(condition('event_int', operator, 5)))).toMatchObject([
        {
          field: 'trigger.filter.conditions[0].operator',
          description: expect.stringMatching(/^Invalid filter operator/),
        },
      ]);
    },
  );
});

describe('an operator that does not fit the field is refused:', () => {
  test.each<[FilterCondition, typeof CATALOGUE]>([
    [condition('event_bool', 'greater_than', 5), CATALOGUE],
    [condition('event_list', 'equals', 'a'), CATALOGUE],
    [condition('event_string', 'before', '2026-01-01'), CATALOGUE],
    [condition('event_date', 'between', ['2026-01-01', '2026-01-02']), CATALOGUE],
    [condition('event_string', 'increased_by', 5), CATALOGUE],
    // Answers and athletes have no previous values.
    [condition('answers.a_int', 'changed'), CATALOGUE],
    [condition('custom.int', 'changed'), CATALOGUE],
    [condition('event_int', 'changed'), CATALOGUE_WITHOUT_DIFF],
  ])('%j', (each, catalogue) => {
    expect(validateFilter(and(each), catalogue, 'filter', limits)).toEqual([
      {
        field: 'filter.conditions[0].operator',
        description: expect.stringMatching(/^Invalid filter operator; this field takes /),
      },
    ]);
  });
});

describe('a value that the operator does not accept is refused:', () => {
  const wrong: readonly (readonly [
    field: string,
    operator: string,
    value: JsonValue | undefined,
    allowed: RegExp,
  ])[] = [
    ['event_string', 'equals', undefined, /must be a text$/],
    ['event_string', 'equals', null, /must be a text$/],
    ['event_string', 'equals', 5, /must be a text$/],
    ['event_string', 'in', 'a', /a list that is not empty, each element a text/],
    ['event_string', 'in', [], /a list that is not empty/],
    ['event_string', 'in', ['a', null], /each element a text/],
    ['event_string', 'exists', true, /must be absent/],
    ['event_string', 'contains', '', /a text that is not empty/],
    ['event_string', 'starts_with', ['a'], /a text that is not empty/],
    ['event_id', 'equals', 'squat', /a UUID/],
    ['event_bool', 'equals', 'true', /true or false/],
    ['event_int', 'equals', 5.5, /a whole number/],
    ['event_int', 'in', [1, '2.5'], /each element a whole number/],
    ['event_int', 'greater_than', '1e3', /a whole number/],
    ['event_decimal', 'equals', '', /a number, or its text/],
    ['event_decimal', 'equals', Number.NaN, /a number/],
    ['event_decimal', 'equals', Number.POSITIVE_INFINITY, /a number/],
    ['event_decimal', 'equals', 1e100, /a number/],
    ['event_decimal', 'between', [20, 10], /two, the lower one first/],
    ['event_decimal', 'between', [10], /two, the lower one first/],
    ['event_decimal', 'between', [10, 20, 30], /two, the lower one first/],
    ['event_decimal', 'between', { low: 10, high: 20 }, /two, the lower one first/],
    ['event_decimal', 'increased_by', 0, /above 0/],
    ['event_decimal', 'decreased_by', -5, /above 0/],
    ['event_date', 'equals', '2026-02-30', /a date such as/],
    ['event_date', 'before', '2026-11-26T00:00:00Z', /a date such as/],
    ['event_date', 'in_last', '12h', /days or weeks/],
    ['event_date', 'in_last', '0d', /days or weeks/],
    ['event_date', 'in_last', '-7d', /days or weeks/],
    ['event_date', 'in_last', 7, /days or weeks/],
    ['event_date', 'in_last', '100000d', /days or weeks/],
    ['event_date', 'in_next', 'P7D', /days or weeks/],
    ['event_date', 'month_is', 13, /from 1 to 12/],
    ['event_date', 'month_is', 'May', /from 1 to 12/],
    ['event_date', 'weekday_is', 0, /1, Monday, to 7/],
    ['event_date', 'weekday_is', 1.5, /1, Monday, to 7/],
    ['event_timestamp', 'equals', '2026-11-26', /a time such as/],
    ['event_timestamp', 'after', 'tomorrow', /a date such as .*, or a time such as/],
    ['event_timestamp', 'on', '2026-11-26T00:00:00Z', /a date such as/],
    ['event_timestamp', 'in_last', '7y', /minutes, hours, days or weeks/],
    ['event_list', 'contains', ['a'], /a text, a number, true or false/],
    ['event_list', 'contains', null, /a text, a number, true or false/],
    ['event_list', 'contains_any', 'a', /a list that is not empty/],
    ['event_list', 'contains_all', [], /a list that is not empty/],
    ['event_list', 'contains_all', [{}], /each element a text, a number/],
    ['event_list', 'size', -1, /a whole number from 0/],
    ['event_list', 'size', '1.5', /a whole number from 0/],
    ['event_string', 'changed_to', undefined, /must be a text/],
    ['event_decimal', 'crossed_above', 'high', /a number/],
  ];
  test.each(wrong)('%s %s %j', (field, operator, value, allowed) => {
    expect(validate(and(condition(field, operator, value)))).toEqual([
      { field: 'trigger.filter.conditions[0].value', description: expect.stringMatching(allowed) },
    ]);
  });

  test.each([['a\0b'], ['\ud800']])('text that PostgreSQL cannot store, %j', (text) => {
    expect(
      validate(and(condition('event_string', 'equals', text), condition('tags', 'contains_any', [text]))),
    ).toEqual([
      {
        field: 'trigger.filter.conditions[0].value',
        description: 'must be Unicode text without the character 0',
      },
      {
        field: 'trigger.filter.conditions[1].value[0]',
        description: 'must be Unicode text without the character 0',
      },
    ]);
  });
});
