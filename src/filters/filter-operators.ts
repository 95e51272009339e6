/**
 * The closed table of operators. A new operator is a row here; a new kind of comparison is implemented in
 * both engines.
 */

import type { FieldType } from './filter.ts';
import {
  type ReadComparison,
  readBeforeOrAfter,
  readChangedKey,
  readCrossing,
  readElementKeys,
  readKey,
  readKeys,
  readListSize,
  readMonth,
  readMovedBy,
  readNoValue,
  readOnDay,
  readPart,
  readRangeBetween,
  readRangeFrom,
  readRangeTo,
  readSpan,
  readTextAt,
  readWeekday,
} from './read-comparison.ts';

/**
 * The value that an operator takes. none: no value. one: a value of the field's type. several: a list of
 * those. range: two numbers, the lower first. number: any number. amount: a number above 0. text: a non-empty
 * text. part: a non-empty text, or for a list one element (a text, number or boolean). elements: a list of
 * those. count: a whole number from 0. day: a civil date, or for a timestamp also an instant. date: a civil
 * date. span: a duration such as `7d`. month: 1 to 12. weekday: 1 (Monday) to 7.
 */
export type ValueShape =
  | 'none'
  | 'one'
  | 'several'
  | 'range'
  | 'number'
  | 'amount'
  | 'text'
  | 'part'
  | 'elements'
  | 'count'
  | 'day'
  | 'date'
  | 'span'
  | 'month'
  | 'weekday';

export interface Operator {
  readonly types: readonly FieldType[];
  readonly value: ValueShape;
  /** Reads the value into a comparison; undefined for a value of another shape. */
  readonly read: ReadComparison;
  /** The operator whose verdict this operator negates; null for other operators. */
  readonly negates: string | null;
  /** Compares with the value before the change; only for fields of events that carry it. */
  readonly isDiff: boolean;
}

const NUMBERS = ['int', 'decimal'] as const;
const TIMES = ['date', 'timestamp'] as const;
const SCALARS = ['string', 'id', 'bool', 'int', 'decimal', 'date', 'timestamp'] as const;
const EVERY = [...SCALARS, 'list'] as const;

const operator = (types: readonly FieldType[], value: ValueShape, read: ReadComparison): Operator => ({
  types,
  value,
  read,
  negates: null,
  isDiff: false,
});
const negativeOperator = (
  types: readonly FieldType[],
  value: ValueShape,
  read: ReadComparison,
  negates: string,
) => ({
  ...operator(types, value, read),
  negates,
});
const diffOperator = (types: readonly FieldType[], value: ValueShape, read: ReadComparison): Operator => ({
  ...operator(types, value, read),
  isDiff: true,
});

export const OPERATORS = {
  equals: operator(SCALARS, 'one', readKey),
  not_equals: negativeOperator(SCALARS, 'one', readKey, 'equals'),
  in: operator(SCALARS, 'several', readKeys),
  not_in: negativeOperator(SCALARS, 'several', readKeys, 'in'),
  /** The field has a value. */
  exists: operator(EVERY, 'none', readNoValue({ kind: 'exists' })),
  /** The field has a value other than "" and []. */
  is_not_empty: operator(EVERY, 'none', readNoValue({ kind: 'content' })),
  /** The field is absent, "" or []. */
  is_empty: negativeOperator(EVERY, 'none', readNoValue({ kind: 'content' }), 'is_not_empty'),

  contains: operator(['string', 'list'], 'part', readPart),
  starts_with: operator(['string'], 'text', readTextAt('start')),
  ends_with: operator(['string'], 'text', readTextAt('end')),
  /** Ignores the case of A to Z; other letters must be equal. */
  contains_ignore_case: operator(['string'], 'text', readTextAt('anywhere', true)),
  starts_with_ignore_case: operator(['string'], 'text', readTextAt('start', true)),
  ends_with_ignore_case: operator(['string'], 'text', readTextAt('end', true)),

  greater_than: operator(NUMBERS, 'number', readRangeFrom(false)),
  greater_than_or_equal: operator(NUMBERS, 'number', readRangeFrom(true)),
  less_than: operator(NUMBERS, 'number', readRangeTo(false)),
  less_than_or_equal: operator(NUMBERS, 'number', readRangeTo(true)),
  /** Both ends are included. */
  between: operator(NUMBERS, 'range', readRangeBetween),

  /** Before the start of the day; for an instant, before the instant. */
  before: operator(TIMES, 'day', readBeforeOrAfter('before')),
  /** After the end of the day; for an instant, after the instant. */
  after: operator(TIMES, 'day', readBeforeOrAfter('after')),
  on: operator(TIMES, 'date', readOnDay),
  /** In the duration before the event, both ends included; for a date in whole days, including today. */
  in_last: operator(TIMES, 'span', readSpan('past')),
  in_next: operator(TIMES, 'span', readSpan('future')),
  month_is: operator(TIMES, 'month', readMonth),
  weekday_is: operator(TIMES, 'weekday', readWeekday),

  contains_any: operator(['list'], 'elements', readElementKeys('any')),
  contains_all: operator(['list'], 'elements', readElementKeys('all')),
  size: operator(['list'], 'count', readListSize),

  /**
   * The values before and after differ, including a value that was added or removed. A field missing in
   * `previous` did not change.
   */
  changed: diffOperator(EVERY, 'none', readNoValue({ kind: 'changed' })),
  /** The value is this one now and was not before. */
  changed_to: diffOperator(SCALARS, 'one', readChangedKey('changed_to')),
  /** The value was this one before and is not now. */
  changed_from: diffOperator(SCALARS, 'one', readChangedKey('changed_from')),
  /** By this amount or more. */
  increased_by: diffOperator(NUMBERS, 'amount', readMovedBy('up')),
  decreased_by: diffOperator(NUMBERS, 'amount', readMovedBy('down')),
  /** The value was at most the number before and is above it now. */
  crossed_above: diffOperator(NUMBERS, 'number', readCrossing('up')),
  /** The value was at least the number before and is below it now. */
  crossed_below: diffOperator(NUMBERS, 'number', readCrossing('down')),
} as const satisfies Record<string, Operator>;

export type OperatorName = keyof typeof OPERATORS;

export function isOperator(name: string): name is OperatorName {
  return Object.hasOwn(OPERATORS, name);
}

/**
 * Whether a field of the type accepts the operator; diff operators only for events that carry previous
 * values.
 */
export function acceptsOperator(type: FieldType, { types, isDiff }: Operator, carriesDiff: boolean): boolean {
  return types.includes(type) && (carriesDiff || !isDiff);
}

/** Lists the operators that a field of the type accepts, in the order of the table. */
export function listOperators(type: FieldType, carriesDiff = false): OperatorName[] {
  return (Object.keys(OPERATORS) as OperatorName[]).filter((name) =>
    acceptsOperator(type, OPERATORS[name], carriesDiff),
  );
}
