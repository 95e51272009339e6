/** The closed table of operators. Adding one: a row here; a new kind of comparison has its meaning in both engines. */
import {
  besideDay,
  changedKey,
  crossedTo,
  elements,
  monthOf,
  movedBy,
  nothing,
  onDay,
  oneKey,
  partOf,
  type ReadComparison,
  rangeBetween,
  rangeFrom,
  rangeTo,
  severalKeys,
  sizeOf,
  spanFromNow,
  textAt,
  weekdayOf,
} from './constants.ts';
import type { FieldType } from './filter.ts';

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

const row = (types: readonly FieldType[], value: ValueShape, read: ReadComparison): Operator => ({
  types,
  value,
  read,
  negates: null,
  isDiff: false,
});
const negative = (types: readonly FieldType[], value: ValueShape, read: ReadComparison, negates: string) => ({
  ...row(types, value, read),
  negates,
});
const diff = (types: readonly FieldType[], value: ValueShape, read: ReadComparison): Operator => ({
  ...row(types, value, read),
  isDiff: true,
});

export const OPERATORS = {
  equals: row(SCALARS, 'one', oneKey),
  not_equals: negative(SCALARS, 'one', oneKey, 'equals'),
  in: row(SCALARS, 'several', severalKeys),
  not_in: negative(SCALARS, 'several', severalKeys, 'in'),
  /** The field has a value. */
  exists: row(EVERY, 'none', nothing({ kind: 'exists' })),
  /** The field has a value other than "" and []. */
  is_not_empty: row(EVERY, 'none', nothing({ kind: 'content' })),
  /** The field is absent, "" or []. */
  is_empty: negative(EVERY, 'none', nothing({ kind: 'content' }), 'is_not_empty'),

  contains: row(['string', 'list'], 'part', partOf),
  starts_with: row(['string'], 'text', textAt('start')),
  ends_with: row(['string'], 'text', textAt('end')),
  /** Without regard to the case of A to Z; other letters compare as they are. */
  contains_ignore_case: row(['string'], 'text', textAt('anywhere', true)),
  starts_with_ignore_case: row(['string'], 'text', textAt('start', true)),
  ends_with_ignore_case: row(['string'], 'text', textAt('end', true)),

  greater_than: row(NUMBERS, 'number', rangeFrom(false)),
  greater_than_or_equal: row(NUMBERS, 'number', rangeFrom(true)),
  less_than: row(NUMBERS, 'number', rangeTo(false)),
  less_than_or_equal: row(NUMBERS, 'number', rangeTo(true)),
  /** Both ends count. */
  between: row(NUMBERS, 'range', rangeBetween),

  /** Before the day begins; for an instant, before it. */
  before: row(TIMES, 'day', besideDay('before')),
  /** After the day has ended; for an instant, after it. */
  after: row(TIMES, 'day', besideDay('after')),
  on: row(TIMES, 'date', onDay),
  /** From so long ago until the event, both ends included; for a date in whole days, today included. */
  in_last: row(TIMES, 'span', spanFromNow('past')),
  in_next: row(TIMES, 'span', spanFromNow('future')),
  month_is: row(TIMES, 'month', monthOf),
  weekday_is: row(TIMES, 'weekday', weekdayOf),

  contains_any: row(['list'], 'elements', elements('any')),
  contains_all: row(['list'], 'elements', elements('all')),
  size: row(['list'], 'count', sizeOf),

  /** Before and after differ; a value that came or went is a difference. What `previous` leaves out did not change. */
  changed: diff(EVERY, 'none', nothing({ kind: 'changed' })),
  /** Is it now, and was not before. */
  changed_to: diff(SCALARS, 'one', changedKey('changed_to')),
  /** Was it before, and is not now. */
  changed_from: diff(SCALARS, 'one', changedKey('changed_from')),
  /** By so much or more. */
  increased_by: diff(NUMBERS, 'amount', movedBy('up')),
  decreased_by: diff(NUMBERS, 'amount', movedBy('down')),
  /** Was at most the number, and is above it now. */
  crossed_above: diff(NUMBERS, 'number', crossedTo('up')),
  /** Was at least the number, and is below it now. */
  crossed_below: diff(NUMBERS, 'number', crossedTo('down')),
} as const satisfies Record<string, Operator>;

export type OperatorName = keyof typeof OPERATORS;

export function isOperator(name: string): name is OperatorName {
  return Object.hasOwn(OPERATORS, name);
}

/** Whether a field of the type takes the operator; diffs only of events that carry them. */
export function takes(type: FieldType, { types, isDiff }: Operator, carriesDiff: boolean): boolean {
  return types.includes(type) && (carriesDiff || !isDiff);
}

/** What filters may do with a field of the type, in the order of the table. */
export function operatorsOf(type: FieldType, carriesDiff = false): OperatorName[] {
  return (Object.keys(OPERATORS) as OperatorName[]).filter((name) =>
    takes(type, OPERATORS[name], carriesDiff),
  );
}
