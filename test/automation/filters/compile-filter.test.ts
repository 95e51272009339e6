/** What each operator says of each type, by example. */
import { describe, expect, test } from 'vitest';
import { compileFilter } from '../../../src/automation/filters/compile-filter.ts';
import {
  EMPTY_FILTER,
  type FilterInput,
  FilterUnreadable,
  type JsonValue,
} from '../../../src/automation/filters/filter.ts';
import { instantFromText } from '../../../src/instant.ts';
import { and, CATALOGUE, condition, eventInput, input, not, or } from './fields.ts';

/** The field is not there at all. */
const MISSING = Symbol('missing');

/** An operator, what it compares with, the field's value, and the verdict. */
type Scenario = readonly [
  operator: string,
  constant: JsonValue | undefined,
  value: JsonValue | typeof MISSING,
  verdict: boolean,
];

const show = (value: unknown) =>
  value === MISSING ? 'missing' : value === undefined ? '' : JSON.stringify(value);

/** Asks each scenario of the event's field of the type. */
function scenarios(type: string, rows: readonly Scenario[], parts: Partial<FilterInput> = {}): void {
  const named = rows.map((row) => [`${show(row[2])} ${row[0]} ${show(row[1])}: ${row[3]}`, ...row] as const);
  test.each(named)(`${type}: %s`, (_name, operator, constant, value, verdict) => {
    const filter = and(condition(`event_${type}`, operator, constant));

    const event = value === MISSING ? {} : { [`event_${type}`]: value };

    expect(compileFilter(filter, CATALOGUE).matches(input({ ...parts, event }))).toBe(verdict);
  });
}

describe('texts', () => {
  scenarios('string', [
    ['equals', 'squat', 'squat', true],
    ['equals', 'squat', 'Squat', false],
    ['equals', '', '', true],
    ['equals', '', MISSING, false],
    ['equals', 'caf\u00e9', 'cafe\u0301', true],
    ['equals', 'cafe\u0301', 'caf\u00e9', true],
    ['equals', '5', 5, false],
    ['equals', 'true', true, false],
    ['not_equals', 'squat', 'bench', true],
    ['not_equals', 'squat', 'squat', false],
    ['not_equals', 'squat', MISSING, true],
    ['not_equals', 'squat', null, true],
    ['not_equals', '5', 5, true],
    ['in', ['a', 'b'], 'b', true],
    ['in', ['a', 'b'], 'c', false],
    ['in', ['a'], null, false],
    ['not_in', ['a', 'b'], 'b', false],
    ['not_in', ['a', 'b'], 'c', true],
    ['not_in', ['a'], null, true],
    ['not_in', ['a'], ['a'], true],
    ['exists', undefined, '', true],
    ['exists', undefined, null, false],
    ['exists', undefined, MISSING, false],
    ['exists', undefined, 0, false],
    ['exists', undefined, {}, false],
    ['is_empty', undefined, '', true],
    ['is_empty', undefined, ' ', false],
    ['is_empty', undefined, '[]', false],
    ['is_empty', undefined, MISSING, true],
    ['is_empty', undefined, null, true],
    ['is_empty', undefined, [], true],
    ['is_not_empty', undefined, 'a', true],
    ['is_not_empty', undefined, '', false],
    ['is_not_empty', undefined, null, false],
    ['contains', 'qua', 'squat', true],
    ['contains', 'QUA', 'squat', false],
    ['contains', 'e\u0301', 'caf\u00e9!', true],
    ['contains', '%', 'squat', false],
    ['contains', '\u{1f3cb}', 'go \u{1f3cb} go', true],
    ['contains', 'a', ['a'], false],
    ['starts_with', 'sq', 'squat', true],
    ['starts_with', 'qu', 'squat', false],
    ['ends_with', 'at', 'squat', true],
    ['ends_with', 'squats', 'squat', false],
    ['ends_with', 'a', null, false],
    ['contains_ignore_case', 'QUA', 'squat', true],
    ['contains_ignore_case', 'qua', 'SQUAT', true],
    ['contains_ignore_case', '\u00c9', 'caf\u00e9', false],
    ['contains_ignore_case', '\u00e9', 'CAFE\u0301', false],
    ['contains_ignore_case', 'K', '\u212a', true],
    ['contains_ignore_case', 'i', '\u0130', false],
    ['starts_with_ignore_case', 'SQ', 'squat', true],
    ['starts_with_ignore_case', 'QU', 'squat', false],
    ['ends_with_ignore_case', 'AT', 'Squat', true],
    ['ends_with_ignore_case', 'at', 'AT?', false],
  ]);
});

describe('ids', () => {
  const ID = '01900000-0000-7000-8000-00000000000a';
  scenarios('id', [
    ['equals', ID, ID, true],
    ['equals', ID.toUpperCase(), ID, true],
    ['equals', ID, ID.toUpperCase(), true],
    ['equals', ID, `{${ID}}`, false],
    ['in', [ID], ID.replace('a', 'b'), false],
    ['exists', undefined, 'no id', false],
    ['is_empty', undefined, '', true],
    ['is_not_empty', undefined, ID, true],
  ]);
});

describe('true and false', () => {
  scenarios('bool', [
    ['equals', true, true, true],
    ['equals', true, false, false],
    ['equals', false, false, true],
    ['equals', false, MISSING, false],
    ['equals', false, null, false],
    ['equals', true, 'true', false],
    ['equals', true, 1, false],
    ['equals', false, 0, false],
    ['not_equals', true, false, true],
    ['not_equals', true, MISSING, true],
    ['in', [true], true, true],
    ['exists', undefined, false, true],
    ['is_empty', undefined, false, false],
  ]);
});

describe('numbers', () => {
  scenarios('decimal', [
    ['greater_than', 10000, '15000', true],
    ['greater_than', '10000', 9999, false],
    ['greater_than', 9, '10', true],
    ['greater_than', 10, 10, false],
    ['greater_than', 10, '10.000000000000000000001', true],
    ['greater_than', 10, 'ten', false],
    ['greater_than', 10, '', false],
    ['greater_than', 10, null, false],
    ['greater_than', 10, true, false],
    ['greater_than', 10, [11], false],
    ['greater_than', 10, 'NaN', false],
    ['greater_than', 10, 'Infinity', false],
    ['greater_than', 10, '0x20', false],
    ['greater_than', 10, '1e2', false],
    ['greater_than', 10, '+11', false],
    ['greater_than', 10, ' 11', false],
    ['greater_than', 10, '11\n', false],
    ['greater_than', 10, '11,5', false],
    ['greater_than', 10, '\u0661\u0662', false],
    ['greater_than', 10, 1e99, true],
    ['greater_than', 10, 1e100, false],
    ['greater_than', 10, '9'.repeat(100), true],
    ['greater_than', 10, '9'.repeat(101), false],
    ['greater_than', 0, 1e-100, true],
    ['greater_than', 0, 5e-324, false],
    ['greater_than_or_equal', 10, '10.0', true],
    ['greater_than_or_equal', 10, 9.99, false],
    ['less_than', 10, 9.99, true],
    ['less_than', 10, 10, false],
    ['less_than', 0, -0, false],
    ['less_than', 10, MISSING, false],
    ['less_than_or_equal', 10, '010', true],
    ['less_than_or_equal', 10, 10.01, false],
    ['between', [10, 20], 10, true],
    ['between', [10, 20], '20.00', true],
    ['between', [10, 20], 20.01, false],
    ['between', [10, 20], 9.99, false],
    ['between', [10, 10], 10, true],
    ['between', [-1, 1], MISSING, false],
    ['equals', 0.1, '0.1', true],
    ['equals', '0.1', 0.1, true],
    ['equals', 0.3, 0.30000000000000004, false],
    ['equals', 0, '-0.00', true],
    ['equals', 0, MISSING, false],
    ['equals', 0, '', false],
    ['equals', '9007199254740993', 9007199254740992, false],
    ['equals', '1000000000000000000000', 1e21, true],
    ['equals', '0.0000001', 1e-7, true],
    ['not_equals', 5, '5.0', false],
    ['not_equals', 5, 'five', true],
    ['in', [1, '2.50'], 2.5, true],
    ['not_in', [1, '2.50'], 2.5, false],
    ['exists', undefined, 'eighty', false],
    ['exists', undefined, 0, true],
    ['is_empty', undefined, 0, false],
    ['is_empty', undefined, 'eighty', true],
  ]);
  scenarios('int', [
    ['equals', 5, '5', true],
    ['equals', 5, 5.5, false],
    ['greater_than', 5, 5.5, true],
    ['between', ['1', '5'], 5, true],
    ['not_in', [1, 2], null, true],
  ]);
});

describe('dates', () => {
  scenarios('date', [
    ['equals', '2026-11-26', '2026-11-26', true],
    ['equals', '2026-11-26', '2026-11-26T00:00:00Z', false],
    ['before', '2026-11-26', '2026-11-25', true],
    ['before', '2026-11-26', '2026-11-26', false],
    ['before', '2026-11-26', MISSING, false],
    ['before', '2026-11-26', '2026-11-1', false],
    ['before', '2026-11-26', '2026-02-29', false],
    ['before', '2026-11-26', '0000-02-29', false],
    ['before', '2026-11-26', '2024-02-29', true],
    ['before', '2026-11-26', '1900-02-29', false],
    ['before', '2026-11-26', '2000-02-29', true],
    ['after', '2026-11-26', '2026-11-27', true],
    ['after', '2026-11-26', '2026-11-26', false],
    ['after', '2026-11-26', '2026-11-31', false],
    ['on', '2026-11-26', '2026-11-26', true],
    ['on', '2026-11-26', '2026-11-27', false],
    ['in_last', '7d', '2026-11-19', true],
    ['in_last', '1w', '2026-11-19', true],
    ['in_last', '7d', '2026-11-18', false],
    ['in_last', '7d', '2026-11-26', true],
    ['in_last', '7d', '2026-11-27', false],
    ['in_last', '99999w', '0001-01-01', false],
    ['in_next', '7d', '2026-11-26', true],
    ['in_next', '7d', '2026-12-03', true],
    ['in_next', '7d', '2026-12-04', false],
    ['in_next', '7d', '2026-11-25', false],
    ['in_next', '7d', null, false],
    ['month_is', 11, '1992-11-30', true],
    ['month_is', 11, '1992-12-01', false],
    ['weekday_is', 4, '2026-11-26', true],
    ['weekday_is', 7, '2026-11-29', true],
    ['weekday_is', 1, '2026-11-29', false],
    ['weekday_is', 1, MISSING, false],
  ]);

  describe('today is where the athlete is', () => {
    const justAfterMidnightInApia = {
      occurredAt: instantFromText('2026-11-26T11:00:00Z'),
      timeZone: 'Pacific/Apia',
    };
    scenarios('date', [['in_last', '1d', '2026-11-27', true]], justAfterMidnightInApia);
    scenarios('date', [['in_last', '1d', '2026-11-27', false]], {
      ...justAfterMidnightInApia,
      timeZone: 'UTC',
    });
  });

  describe('an event outside the years 1 to 9999 has no today', () => {
    scenarios('date', [['in_last', '1d', '2026-11-26', false]], { occurredAt: 10n ** 18n });
  });

  describe('the ends of the calendar', () => {
    const last = { occurredAt: instantFromText('9999-12-31T12:00:00Z') };
    scenarios(
      'date',
      [
        ['in_next', '7d', '9999-12-31', true],
        ['in_next', '99999w', '9999-12-31', true],
        ['in_last', '99999w', '8888-01-01', true],
      ],
      last,
    );
  });
});

describe('timestamps', () => {
  const NOON = '2026-11-26T12:00:00Z';
  scenarios('timestamp', [
    ['equals', NOON, '2026-11-26T13:00:00+01:00', true],
    ['equals', NOON, '2026-11-26T12:00:00.000001Z', false],
    ['equals', NOON, '2026-11-26T12:00:00.0000009Z', true],
    ['equals', NOON, '2026-11-26 12:00:00Z', false],
    ['equals', NOON, '2026-11-26T12:00:00', false],
    ['before', NOON, '2026-11-26T11:59:59.999999Z', true],
    ['before', NOON, NOON, false],
    ['before', NOON, '2026-11-26', false],
    ['after', NOON, '2026-11-26T12:00:00.000001Z', true],
    ['after', NOON, NOON, false],
    ['after', NOON, 1764158400, false],
    // Berlin is an hour ahead of UTC in winter.
    ['on', '2026-11-26', '2026-11-25T23:00:00Z', true],
    ['on', '2026-11-26', '2026-11-25T22:59:59.999999Z', false],
    ['on', '2026-11-26', '2026-11-26T22:59:59.999999Z', true],
    ['on', '2026-11-26', '2026-11-26T23:00:00Z', false],
    ['before', '2026-11-26', '2026-11-25T22:59:59Z', true],
    ['before', '2026-11-26', '2026-11-25T23:00:00Z', false],
    ['after', '2026-11-26', '2026-11-26T22:59:59Z', false],
    ['after', '2026-11-26', '2026-11-26T23:00:00Z', true],
    ['after', '9999-12-31', '9999-12-31T23:59:59-14:00', false],
    // Summer time begins at one o'clock UTC: the day has 23 hours.
    ['on', '2026-03-29', '2026-03-28T23:00:00Z', true],
    ['on', '2026-03-29', '2026-03-29T21:59:59Z', true],
    ['on', '2026-03-29', '2026-03-29T22:00:00Z', false],
    // The present is a quarter to nine.
    ['in_last', '15m', '2026-11-26T08:30:00Z', true],
    ['in_last', '15m', '2026-11-26T08:29:59.999999Z', false],
    ['in_last', '15m', '2026-11-26T08:45:00Z', true],
    ['in_last', '15m', '2026-11-26T08:45:00.000001Z', false],
    ['in_last', '12h', '2026-11-25T20:45:00Z', true],
    ['in_last', '7d', '2026-11-19T08:45:00Z', true],
    ['in_last', '7d', '2026-11-19T08:44:59Z', false],
    ['in_last', '7d', MISSING, false],
    ['in_next', '1w', '2026-12-03T08:45:00Z', true],
    ['in_next', '1w', '2026-12-03T08:45:01Z', false],
    ['in_next', '1w', '2026-11-26T08:44:59Z', false],
    ['month_is', 12, '2026-11-30T23:00:00Z', true],
    ['month_is', 11, '2026-11-30T22:59:59Z', true],
    ['weekday_is', 5, '2026-11-26T23:00:00Z', true],
    ['weekday_is', 4, '2026-11-26T22:59:59Z', true],
    // Zones are known of the years 1970 to 2099; before and after, months and weekdays are UTC's.
    ['month_is', 12, '1969-12-31T23:30:00Z', true],
    ['month_is', 1, '1970-12-31T23:30:00Z', true],
    ['month_is', 12, '2100-12-31T23:30:00Z', true],
    ['month_is', 12, '0001-01-01T00:00:00+01:00', false],
  ]);
});

describe('lists', () => {
  scenarios('list', [
    ['contains', 'vip', ['new', 'vip'], true],
    ['contains', 'vip', ['VIP'], false],
    ['contains', 'vip', 'vip', false],
    ['contains', 'vip', [], false],
    ['contains', 'vip', MISSING, false],
    ['contains', 'caf\u00e9', ['cafe\u0301'], true],
    ['contains', 5, ['5'], true],
    ['contains', '5', [5.0], true],
    ['contains', true, [true], true],
    ['contains', 'null', [null], false],
    ['contains', 'vip', [['vip']], false],
    ['contains', 'vip', [{ vip: 'vip' }], false],
    ['contains_any', ['a', 'b'], ['b', 'c'], true],
    ['contains_any', ['a', 'b'], ['c'], false],
    ['contains_any', ['a'], null, false],
    ['contains_all', ['a', 'b'], ['c', 'b', 'a'], true],
    ['contains_all', ['a', 'b'], ['a', 'a'], false],
    ['contains_all', ['a', 'a'], ['a'], true],
    ['contains_all', ['a'], [], false],
    ['size', 2, ['a', 'a'], true],
    ['size', 0, [], true],
    ['size', 1, [null], true],
    ['size', 0, MISSING, false],
    ['size', 0, null, false],
    ['size', 0, {}, false],
    ['exists', undefined, [], true],
    ['is_empty', undefined, [], true],
    ['is_empty', undefined, [null], false],
    ['is_empty', undefined, '', true],
    ['is_empty', undefined, MISSING, true],
    ['is_not_empty', undefined, ['a'], true],
    ['is_not_empty', undefined, [], false],
  ]);
});

describe('changes', () => {
  /** An operator, what it compares with, the values before and after, and the verdict. */
  type Change = readonly [
    operator: string,
    constant: JsonValue | undefined,
    before: JsonValue | typeof MISSING,
    after: JsonValue | typeof MISSING,
    verdict: boolean,
  ];

  function changes(type: string, rows: readonly Change[]): void {
    const named = rows.map(
      (row) => [`${show(row[2])} → ${show(row[3])} ${row[0]} ${show(row[1])}: ${row[4]}`, ...row] as const,
    );
    test.each(named)(`${type}: %s`, (_name, operator, constant, before, after, verdict) => {
      const document = (value: JsonValue | typeof MISSING) =>
        value === MISSING ? {} : { [`event_${type}`]: value };
      const { matches } = compileFilter(and(condition(`event_${type}`, operator, constant)), CATALOGUE);

      expect(matches(eventInput(document(after), document(before)))).toBe(verdict);
      // Without a state before nothing has changed.
      expect(matches(eventInput(document(after), null))).toBe(false);
    });
  }

  changes('string', [
    ['changed', undefined, 'a', 'b', true],
    ['changed', undefined, 'a', 'a', false],
    ['changed', undefined, 'caf\u00e9', 'cafe\u0301', false],
    ['changed', undefined, null, 'a', true],
    ['changed', undefined, 'a', null, true],
    ['changed', undefined, 'a', MISSING, true],
    ['changed', undefined, null, null, false],
    ['changed', undefined, MISSING, 'a', false],
    ['changed', undefined, 5, 'a', true],
    ['changed_to', 'b', 'a', 'b', true],
    ['changed_to', 'b', 'b', 'b', false],
    ['changed_to', 'b', null, 'b', true],
    ['changed_to', 'b', 'a', 'c', false],
    ['changed_to', 'b', 'a', null, false],
    ['changed_to', 'b', MISSING, 'b', false],
    ['changed_from', 'a', 'a', 'b', true],
    ['changed_from', 'a', 'a', null, true],
    ['changed_from', 'a', 'a', 'a', false],
    ['changed_from', 'a', 'b', 'a', false],
    ['changed_from', 'a', null, 'b', false],
  ]);
  changes('decimal', [
    ['changed', undefined, 5, '5.0', false],
    ['changed_to', 5, '4', '5.0', true],
    ['increased_by', 5, 100, 105, true],
    ['increased_by', 5, '100', '104.999999999999999999999999999999', false],
    ['increased_by', 5, 100, 110, true],
    ['increased_by', 5, 105, 100, false],
    ['increased_by', 5, null, 105, false],
    ['increased_by', `1${'0'.repeat(99)}`, `0.${'0'.repeat(99)}1`, `1${'0'.repeat(99)}`, false],
    ['increased_by', 0.1, 0.2, 0.3, true],
    ['increased_by', `0.${'0'.repeat(99)}1`, '9'.repeat(100), `${'9'.repeat(100)}.${'0'.repeat(99)}1`, true],
    ['decreased_by', 5, 105, 100, true],
    ['decreased_by', 5, 100, 105, false],
    ['decreased_by', 5, 100, null, false],
    ['crossed_above', 100, 100, 100.5, true],
    ['crossed_above', 100, 99, 100, false],
    ['crossed_above', 100, 101, 102, false],
    ['crossed_above', 100, null, 102, false],
    ['crossed_below', 100, 100, 99.5, true],
    ['crossed_below', 100, 101, 100, false],
    ['crossed_below', 100, 99, 98, false],
    ['crossed_below', 100, 'much', 98, false],
  ]);
  changes('list', [
    ['changed', undefined, ['a'], ['a', 'b'], true],
    ['changed', undefined, ['a', 5], ['a', '5'], false],
    ['changed', undefined, [], null, true],
  ]);
  changes('bool', [
    ['changed_to', true, false, true, true],
    ['changed_to', true, null, true, true],
  ]);
});

describe('if_absent', () => {
  test.each([
    ['equals', 'a', true, true],
    ['equals', 'a', false, false],
    ['not_equals', 'a', false, false],
    ['not_equals', 'a', true, true],
    ['exists', undefined, true, true],
    ['is_empty', undefined, false, false],
    ['changed', undefined, true, true],
  ] as const)('%s %s with %s: %s for an absent field', (operator, constant, ifAbsent, verdict) => {
    const { matches } = compileFilter(
      and(condition('event_string', operator, constant, ifAbsent)),
      CATALOGUE,
    );

    expect(matches(eventInput({}))).toBe(verdict);
    expect(matches(eventInput({ event_string: null }))).toBe(verdict);
    expect(matches(eventInput({ event_string: ['a'] }))).toBe(verdict);
  });

  test('it says nothing of a field that is there', () => {
    const { matches } = compileFilter(and(condition('event_string', 'equals', 'a', true)), CATALOGUE);

    expect(matches(eventInput({ event_string: 'b' }))).toBe(false);
  });
});

describe('groups', () => {
  const is = (text: string) => condition('event_string', 'equals', text);
  const over = (count: number) => condition('event_int', 'greater_than', count);
  const event = eventInput({ event_string: 'a', event_int: 5 });

  test.each([
    ['nothing at all', EMPTY_FILTER, true],
    ['nothing at all, with OR', { ...EMPTY_FILTER, logic: 'OR' }, true],
    ['all of them', and(is('a'), over(4)), true],
    ['not all of them', and(is('a'), over(5)), false],
    ['one of them', or(is('b'), over(4)), true],
    ['none of them', or(is('b'), over(5)), false],
    ['not one of them, turned around', not(or(is('b'), over(5))), true],
    ['a group within', and(is('a'), or(is('b'), over(4))), true],
    ['a group within, turned around', and(is('a'), not(or(is('b'), over(4)))), false],
    ['groups alone', or(and(is('b')), and(is('a'), over(1))), true],
    ['three deep', or(and(or(and(is('b')), not(and(over(9)))))), true],
  ] as const)('%s', (_name, filter, verdict) => {
    expect(compileFilter(filter, CATALOGUE).matches(event)).toBe(verdict);
  });
});

describe('where values come from', () => {
  const documents = input({
    event: { event_string: 'event', answers: { a_string: 'answer', constructor: 'c' }, athlete: 'no' },
    athlete: { name: 'Ada', tags: ['vip'], attributes: { string: 'attribute', name: 'other' } },
  });

  test.each([
    ['event_string', 'event'],
    ['answers.a_string', 'answer'],
    ['name', 'Ada'],
    ['athlete.name', 'Ada'],
    ['custom.string', 'attribute'],
    ['athlete.string', 'attribute'],
    ['string', 'attribute'],
  ])('%s is %s', (field, value) => {
    expect(compileFilter(and(condition(field, 'equals', value)), CATALOGUE).matches(documents)).toBe(true);
  });

  test.each<[string, JsonValue]>([
    ['a list', ['event']],
    ['a text', 'event'],
    ['nothing', null],
    ['an object that only inherits it', Object.create({ event_string: 'event' })],
  ])('%s has no fields', (_name, event) => {
    const { matches } = compileFilter(and(condition('event_string', 'exists')), CATALOGUE);

    expect(matches(input({ event }))).toBe(false);
  });
});

describe('explanations', () => {
  test('every condition has its verdict with what decided it, in the order of the filter', () => {
    const filter = or(
      condition('event_int', 'greater_than', 3),
      condition('name', 'equals', 'Ada'),
      and(condition('event_decimal', 'increased_by', 5), condition('custom.date', 'exists')),
    );

    const verdicts = compileFilter(filter, CATALOGUE).explain(
      input({
        event: { event_int: '5', event_decimal: 105 },
        previous: { event_decimal: 102.5 },
        athlete: { name: 'Bea' },
      }),
    );

    const verdict = { expected: undefined, actual: undefined, isPersonal: false };
    expect(verdicts).toEqual([
      {
        ...verdict,
        path: 'filter.conditions[0]',
        field: 'event_int',
        operator: 'greater_than',
        expected: 3,
        actual: '5',
        matched: true,
      },
      {
        path: 'filter.conditions[1]',
        field: 'name',
        operator: 'equals',
        expected: 'Ada',
        actual: 'Bea',
        matched: false,
        isPersonal: true,
      },
      {
        ...verdict,
        path: 'filter.groups[0].conditions[0]',
        field: 'event_decimal',
        operator: 'increased_by',
        expected: 5,
        actual: { previous: 102.5, current: 105 },
        matched: false,
      },
      {
        ...verdict,
        path: 'filter.groups[0].conditions[1]',
        field: 'custom.date',
        operator: 'exists',
        matched: false,
      },
    ]);
  });

  test('a change of which nothing is known has no value', () => {
    const { explain } = compileFilter(and(condition('event_int', 'changed')), CATALOGUE);

    expect(explain(eventInput({}, {}))).toMatchObject([{ actual: undefined, matched: false }]);
    expect(explain(eventInput({}, { event_int: 5 }))).toMatchObject([
      { actual: { previous: 5 }, matched: true },
    ]);
  });
});

describe('what cannot be read any more', () => {
  test.each([
    [
      'an unknown field',
      condition('gone', 'exists'),
      /^filter\.conditions\[0\]: field: Unknown field "gone"/,
    ],
    ['an unknown operator', condition('event_int', 'is'), /operator: Invalid filter operator/],
    [
      'an operator of another type',
      condition('event_int', 'contains', 'a'),
      /Invalid filter operator; this field takes equals/,
    ],
    ['a value of another type', condition('event_int', 'equals', 'a'), /value: must be a whole number/],
  ])('%s', (_name, damaged, message) => {
    const compile = () => compileFilter(and(damaged), CATALOGUE);

    expect(compile).toThrow(FilterUnreadable);
    expect(compile).toThrow(message);
  });

  test('an inner group that says nothing', () => {
    expect(() => compileFilter(and(and(EMPTY_FILTER)), CATALOGUE)).toThrow(
      'filter.groups[0].groups[0]: must have at least one condition or group',
    );
  });
});
