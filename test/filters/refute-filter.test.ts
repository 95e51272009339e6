/** Predicted verdicts on events whose fields are partly known. */
import { describe, expect, test } from 'vitest';
import type { FilterCondition, FilterGroup, JsonObject } from '../../src/filters/filter.ts';
import { isRefuted, predictVerdict } from '../../src/filters/refute-filter.ts';
import { and, CATALOGUE, condition, not, or } from './field-fixtures.ts';

const is = (text: string) => condition('event_string', 'equals', text);
const over = (count: number) => condition('event_int', 'greater_than', count);

describe('the predicted verdict from known fields', () => {
  test.each<[string, FilterGroup, JsonObject, boolean | undefined]>([
    ['an equality that holds', and(is('a')), { event_string: 'a' }, true],
    ['an equality that fails', and(is('a')), { event_string: 'b' }, false],
    ['an equality of another field', and(is('a')), { event_int: 5 }, undefined],
    ['a value that is known to be absent', and(is('a')), { event_string: null }, false],
    ['AND with one false condition', and(is('a'), over(5)), { event_string: 'b' }, false],
    ['AND with one true and one unknown condition', and(is('a'), over(5)), { event_string: 'a' }, undefined],
    ['OR with one true condition', or(is('a'), over(5)), { event_string: 'a' }, true],
    ['OR with one false and one unknown condition', or(is('a'), over(5)), { event_string: 'b' }, undefined],
    ['OR with all conditions false', or(is('a'), over(5)), { event_string: 'b', event_int: 5 }, false],
    ['a negated OR with one true condition', not(or(is('a'), over(5))), { event_string: 'a' }, false],
    [
      'a negated AND with one unknown condition',
      not(and(is('a'), over(5))),
      { event_string: 'a' },
      undefined,
    ],
    ['an empty filter', and(), { event_string: 'a' }, true],
    ['an answer', and(condition('answers.a_int', 'equals', 5)), { answers: { a_int: '5' } }, true],
    ['an answer that was not given', and(condition('answers.a_int', 'equals', 5)), { answers: {} }, false],
    [
      'a field of the athlete',
      and(condition('custom.int', 'equals', 5)),
      { attributes: { int: 6 }, custom: {} },
      undefined,
    ],
    ['a name of JavaScript’s own', and(is('a')), { constructor: 'b' }, undefined],
  ])('of %s', (_name, filter, known, verdict) => {
    expect(predictVerdict(filter, CATALOGUE, known)).toBe(verdict);
    expect(isRefuted(filter, CATALOGUE, known)).toBe(verdict === false);
  });
});

describe('a verdict that depends on the clock is not predicted:', () => {
  test.each<[FilterCondition, string, boolean | undefined]>([
    [condition('event_date', 'in_last', '7d'), '2026-11-26', undefined],
    [condition('event_timestamp', 'in_next', '7d'), '2026-11-26T00:00:00Z', undefined],
    [condition('event_timestamp', 'on', '2026-11-26'), '2026-11-26T12:00:00Z', undefined],
    [condition('event_timestamp', 'before', '2026-11-26'), '2026-11-26T12:00:00Z', undefined],
    [condition('event_timestamp', 'month_is', 11), '2026-11-26T12:00:00Z', undefined],
    [condition('event_timestamp', 'weekday_is', 4), '2026-11-26T12:00:00Z', undefined],
    [condition('event_timestamp', 'before', '2026-11-26T00:00:00Z'), '2026-11-26T12:00:00Z', false],
    [condition('event_date', 'on', '2026-11-26'), '2026-11-26', true],
    [condition('event_date', 'month_is', 12), '2026-11-26', false],
    [condition('event_date', 'weekday_is', 4), '2026-11-26', true],
    // A value that is not a date does not depend on the clock.
    [condition('event_date', 'in_last', '7d'), 'yesterday', false],
    [condition('event_timestamp', 'on', '2026-11-26'), '2026-11-26', false],
  ])('%j of %s: %s', (each, value, verdict) => {
    expect(predictVerdict(and(each), CATALOGUE, { [each.field]: value })).toBe(verdict);
  });
});

describe('a verdict on a change whose previous value is unknown:', () => {
  test.each<[FilterCondition, JsonObject[string], boolean | undefined]>([
    [condition('event_string', 'changed'), 'a', undefined],
    [condition('event_string', 'changed'), null, undefined],
    [condition('event_string', 'changed_to', 'a'), 'a', undefined],
    [condition('event_string', 'changed_to', 'a'), 'b', false],
    [condition('event_string', 'changed_to', 'a'), null, false],
    [condition('event_string', 'changed_to', 'a', true), 'b', undefined],
    [condition('event_string', 'changed_to', 'a', true), null, true],
    [condition('event_string', 'changed_from', 'a'), 'a', false],
    [condition('event_string', 'changed_from', 'a'), 'b', undefined],
    [condition('event_string', 'changed_from', 'a', true), 'a', undefined],
    [condition('event_decimal', 'crossed_above', 100), 100, false],
    [condition('event_decimal', 'crossed_above', 100), 100.5, undefined],
    [condition('event_decimal', 'crossed_below', 100), 100, false],
    [condition('event_decimal', 'crossed_below', 100), 99.5, undefined],
    [condition('event_decimal', 'increased_by', 5), 100, undefined],
    [condition('event_decimal', 'increased_by', 5), 'much', false],
  ])('%j to %j: %s', (each, value, verdict) => {
    expect(predictVerdict(and(each), CATALOGUE, { [each.field]: value })).toBe(verdict);
  });
});
