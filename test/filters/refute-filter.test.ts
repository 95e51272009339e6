/** What is foreseen of events whose fields are known in part. */
import { describe, expect, test } from 'vitest';
import type { FilterCondition, FilterGroup, JsonObject } from '../../src/filters/filter.ts';
import { isRefuted, predictVerdict } from '../../src/filters/refute-filter.ts';
import { and, CATALOGUE, condition, not, or } from './field-fixtures.ts';

const is = (text: string) => condition('event_string', 'equals', text);
const over = (count: number) => condition('event_int', 'greater_than', count);

describe('fields that are known', () => {
  test.each<[string, FilterGroup, JsonObject, boolean | undefined]>([
    ['an equality that holds', and(is('a')), { event_string: 'a' }, true],
    ['an equality that fails', and(is('a')), { event_string: 'b' }, false],
    ['an equality of something else', and(is('a')), { event_int: 5 }, undefined],
    ['a value that is known to be absent', and(is('a')), { event_string: null }, false],
    ['all, of which one fails', and(is('a'), over(5)), { event_string: 'b' }, false],
    ['all, of which one holds', and(is('a'), over(5)), { event_string: 'a' }, undefined],
    ['one of them, which holds', or(is('a'), over(5)), { event_string: 'a' }, true],
    ['one of them, of which one fails', or(is('a'), over(5)), { event_string: 'b' }, undefined],
    ['one of them, which all fail', or(is('a'), over(5)), { event_string: 'b', event_int: 5 }, false],
    ['turned around', not(or(is('a'), over(5))), { event_string: 'a' }, false],
    ['turned around, open', not(and(is('a'), over(5))), { event_string: 'a' }, undefined],
    ['nothing to match', and(), { event_string: 'a' }, true],
    ['an answer', and(condition('answers.a_int', 'equals', 5)), { answers: { a_int: '5' } }, true],
    ['an answer that was not given', and(condition('answers.a_int', 'equals', 5)), { answers: {} }, false],
    [
      'the athlete',
      and(condition('custom.int', 'equals', 5)),
      { attributes: { int: 6 }, custom: {} },
      undefined,
    ],
    ['a name of JavaScript’s own', and(is('a')), { constructor: 'b' }, undefined],
  ])('%s', (_name, filter, known, verdict) => {
    expect(predictVerdict(filter, CATALOGUE, known)).toBe(verdict);
    expect(isRefuted(filter, CATALOGUE, known)).toBe(verdict === false);
  });
});

describe('what the clock decides stays open', () => {
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
    // Of what is no date nobody asks the clock.
    [condition('event_date', 'in_last', '7d'), 'yesterday', false],
    [condition('event_timestamp', 'on', '2026-11-26'), '2026-11-26', false],
  ])('%j of %s: %s', (each, value, verdict) => {
    expect(predictVerdict(and(each), CATALOGUE, { [each.field]: value })).toBe(verdict);
  });
});

describe('changes, of which the state before is not known', () => {
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
