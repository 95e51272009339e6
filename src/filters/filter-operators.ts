/** The closed table of operators. Adding one: a row here; a new kind of comparison has its meaning in both engines. */

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
 * What an operator compares with:
 * none: nothing. one: a value of the field's type. several: a list of those. range: two numbers, the lower first.
 * number: any. amount: a number above 0. text: a text that is not empty. part: such a text, or for a list one of its
 * elements: a text, number or boolean. elements: a list of those. count: a whole number from 0. day: a civil date,
 * or for a timestamp an instant too. date: a civil date. span: a length of time such as `7d`. month: 1 to 12.
 * weekday: 1, Monday, to 7.
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
  /** What it compares; undefined for a value of another shape. */
  readonly read: ReadComparison;
  /** For a negative operator the one that it is exactly the opposite of. */
  readonly negates: string | null;
  /** Compares with the state before the change: for the event's own fields, of events that bring it. */
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
  /** Without regard to the case of A to Z; other letters compare as they are. */
  contains_ignore_case: operator(['string'], 'text', readTextAt('anywhere', true)),
  starts_with_ignore_case: operator(['string'], 'text', readTextAt('start', true)),
  ends_with_ignore_case: operator(['string'], 'text', readTextAt('end', true)),

  greater_than: operator(NUMBERS, 'number', readRangeFrom(false)),
  greater_than_or_equal: operator(NUMBERS, 'number', readRangeFrom(true)),
  less_than: operator(NUMBERS, 'number', readRangeTo(false)),
  less_than_or_equal: operator(NUMBERS, 'number', readRangeTo(true)),
  /** Both ends count. */
  between: operator(NUMBERS, 'range', readRangeBetween),

  /** Before the day begins; for an instant, before it. */
  before: operator(TIMES, 'day', readBeforeOrAfter('before')),
  /** After the day has ended; for an instant, after it. */
  after: operator(TIMES, 'day', readBeforeOrAfter('after')),
  on: operator(TIMES, 'date', readOnDay),
  /** From so long ago until the event, both ends included; for a date in whole days, today included. */
  in_last: operator(TIMES, 'span', readSpan('past')),
  in_next: operator(TIMES, 'span', readSpan('future')),
  month_is: operator(TIMES, 'month', readMonth),
  weekday_is: operator(TIMES, 'weekday', readWeekday),

  contains_any: operator(['list'], 'elements', readElementKeys('any')),
  contains_all: operator(['list'], 'elements', readElementKeys('all')),
  size: operator(['list'], 'count', readListSize),

  /** Before and after differ; a value that came or went is a difference. What `previous` leaves out did not change. */
  changed: diffOperator(EVERY, 'none', readNoValue({ kind: 'changed' })),
  /** Is it now, and was not before. */
  changed_to: diffOperator(SCALARS, 'one', readChangedKey('changed_to')),
  /** Was it before, and is not now. */
  changed_from: diffOperator(SCALARS, 'one', readChangedKey('changed_from')),
  /** By so much or more. */
  increased_by: diffOperator(NUMBERS, 'amount', readMovedBy('up')),
  decreased_by: diffOperator(NUMBERS, 'amount', readMovedBy('down')),
  /** Was at most the number, and is above it now. */
  crossed_above: diffOperator(NUMBERS, 'number', readCrossing('up')),
  /** Was at least the number, and is below it now. */
  crossed_below: diffOperator(NUMBERS, 'number', readCrossing('down')),
} as const satisfies Record<string, Operator>;

export type OperatorName = keyof typeof OPERATORS;

export function isOperator(name: string): name is OperatorName {
  return Object.hasOwn(OPERATORS, name);
}

/** Whether a field of the type takes the operator; diffs only of events that carry them. */
export function acceptsOperator(type: FieldType, { types, isDiff }: Operator, carriesDiff: boolean): boolean {
  return types.includes(type) && (carriesDiff || !isDiff);
}

/** What filters may do with a field of the type, in the order of the table. */
export function listOperators(type: FieldType, carriesDiff = false): OperatorName[] {
  return (Object.keys(OPERATORS) as OperatorName[]).filter((name) =>
    acceptsOperator(type, OPERATORS[name], carriesDiff),
  );
}
