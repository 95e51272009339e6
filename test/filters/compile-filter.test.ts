/** Verdicts of each operator and type, by example. */
import { describe, expect, test } from 'vitest';
import { compileFilter } from '../../src/filters/compile-filter.ts';
import { EMPTY_FILTER, FilterUnreadable, type JsonValue } from '../../src/filters/filter.ts';
import { describeScenario, MISSING, SCENARIOS, show, USUAL } from './condition-scenarios.ts';
import { and, CATALOGUE, condition, eventInput, input, not, or } from './field-fixtures.ts';

describe.each(SCENARIOS)('a condition on a $type field $about:', ({ type, parts, rows }) => {
  test.each(rows.map((row) => [describeScenario(row), ...row] as const))(
    '%s',
    (_name, operator, constant, value, verdict) => {
      const { matches } = compileFilter(and(condition(`event_${type}`, operator, constant)), CATALOGUE);

      const event = value === MISSING ? {} : { [`event_${type}`]: value };

      expect(matches(input({ ...USUAL, ...parts, event }))).toBe(verdict);
    },
  );
});

describe('diff operators', () => {
  /** An operator, its value, the field's values before and after, and the verdict. */
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
      // Without previous values nothing has changed.
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

  test('has no effect on a present field', () => {
    const { matches } = compileFilter(and(condition('event_string', 'equals', 'a', true)), CATALOGUE);

    expect(matches(eventInput({ event_string: 'b' }))).toBe(false);
  });
});

describe('the verdict of a group with', () => {
  const is = (text: string) => condition('event_string', 'equals', text);
  const over = (count: number) => condition('event_int', 'greater_than', count);
  const event = eventInput({ event_string: 'a', event_int: 5 });

  test.each([
    ['no conditions and AND', EMPTY_FILTER, true],
    ['no conditions and OR', { ...EMPTY_FILTER, logic: 'OR' }, true],
    ['AND and all conditions true', and(is('a'), over(4)), true],
    ['AND and one condition false', and(is('a'), over(5)), false],
    ['OR and one condition true', or(is('b'), over(4)), true],
    ['OR and all conditions false', or(is('b'), over(5)), false],
    ['a negated OR of false conditions', not(or(is('b'), over(5))), true],
    ['a nested group', and(is('a'), or(is('b'), over(4))), true],
    ['a negated nested group', and(is('a'), not(or(is('b'), over(4)))), false],
    ['nested groups only', or(and(is('b')), and(is('a'), over(1))), true],
    ['groups three levels deep', or(and(or(and(is('b')), not(and(over(9)))))), true],
  ] as const)('%s follows from its members', (_name, filter, verdict) => {
    expect(compileFilter(filter, CATALOGUE).matches(event)).toBe(verdict);
  });
});

describe('the value of a field', () => {
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
  ])('named %s is read as %s', (field, value) => {
    expect(compileFilter(and(condition(field, 'equals', value)), CATALOGUE).matches(documents)).toBe(true);
  });

  test.each<[string, JsonValue]>([
    ['a list', ['event']],
    ['a text', 'event'],
    ['nothing', null],
    ['an object that only inherits it', Object.create({ event_string: 'event' })],
  ])('is absent when the event document is %s', (_name, event) => {
    const { matches } = compileFilter(and(condition('event_string', 'exists')), CATALOGUE);

    expect(matches(input({ event }))).toBe(false);
  });
});

describe('an explanation', () => {
  test('has the verdict and the value of every condition, in the order of the filter', () => {
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

  test('of a change without any known value has no actual value', () => {
    const { explain } = compileFilter(and(condition('event_int', 'changed')), CATALOGUE);

    expect(explain(eventInput({}, {}))).toMatchObject([{ actual: undefined, matched: false }]);
    expect(explain(eventInput({}, { event_int: 5 }))).toMatchObject([
      { actual: { previous: 5 }, matched: true },
    ]);
  });
});

describe('compiling fails with FilterUnreadable for', () => {
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

  test('an empty nested group', () => {
    expect(() => compileFilter(and(and(EMPTY_FILTER)), CATALOGUE)).toThrow(
      'filter.groups[0].groups[0]: must have at least one condition or group',
    );
  });
});
