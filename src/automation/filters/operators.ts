/** The closed table of operators. Adding one: a row here, its comparison in comparison.ts, and what that means. */
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
  /** For a negative operator the one that it is exactly the opposite of. */
  readonly negates: string | null;
  /** Compares with the state before the change: for the event's own fields, of events that bring it. */
  readonly isDiff: boolean;
}

const NUMBERS = ['int', 'decimal'] as const;
const TIMES = ['date', 'timestamp'] as const;
const SCALARS = ['string', 'id', 'bool', 'int', 'decimal', 'date', 'timestamp'] as const;
const EVERY = [...SCALARS, 'list'] as const;

const positive = <T extends readonly FieldType[]>(types: T, value: ValueShape) =>
  ({ types, value, negates: null, isDiff: false }) as const;
const negative = <T extends readonly FieldType[], O extends string>(
  types: T,
  value: ValueShape,
  negates: O,
) => ({ types, value, negates, isDiff: false }) as const;
const diff = <T extends readonly FieldType[]>(types: T, value: ValueShape) =>
  ({ types, value, negates: null, isDiff: true }) as const;

export const OPERATORS = {
  equals: positive(SCALARS, 'one'),
  not_equals: negative(SCALARS, 'one', 'equals'),
  in: positive(SCALARS, 'several'),
  not_in: negative(SCALARS, 'several', 'in'),
  /** The field has a value. */
  exists: positive(EVERY, 'none'),
  /** The field has a value other than "" and []. */
  is_not_empty: positive(EVERY, 'none'),
  /** The field is absent, "" or []. */
  is_empty: negative(EVERY, 'none', 'is_not_empty'),

  contains: positive(['string', 'list'], 'part'),
  starts_with: positive(['string'], 'text'),
  ends_with: positive(['string'], 'text'),
  /** Without regard to the case of A to Z; other letters compare as they are. */
  contains_ignore_case: positive(['string'], 'text'),
  starts_with_ignore_case: positive(['string'], 'text'),
  ends_with_ignore_case: positive(['string'], 'text'),

  greater_than: positive(NUMBERS, 'number'),
  greater_than_or_equal: positive(NUMBERS, 'number'),
  less_than: positive(NUMBERS, 'number'),
  less_than_or_equal: positive(NUMBERS, 'number'),
  /** Both ends count. */
  between: positive(NUMBERS, 'range'),

  /** Before the day begins; for an instant, before it. */
  before: positive(TIMES, 'day'),
  /** After the day has ended; for an instant, after it. */
  after: positive(TIMES, 'day'),
  on: positive(TIMES, 'date'),
  /** From so long ago until the event, both ends included; for a date in whole days, today included. */
  in_last: positive(TIMES, 'span'),
  in_next: positive(TIMES, 'span'),
  month_is: positive(TIMES, 'month'),
  weekday_is: positive(TIMES, 'weekday'),

  contains_any: positive(['list'], 'elements'),
  contains_all: positive(['list'], 'elements'),
  size: positive(['list'], 'count'),

  /** Before and after differ; a value that came or went is a difference. */
  changed: diff(EVERY, 'none'),
  /** Is it now, and was not before. */
  changed_to: diff(SCALARS, 'one'),
  /** Was it before, and is not now. */
  changed_from: diff(SCALARS, 'one'),
  /** By so much or more. */
  increased_by: diff(NUMBERS, 'amount'),
  decreased_by: diff(NUMBERS, 'amount'),
  /** Was at most the number, and is above it now. */
  crossed_above: diff(NUMBERS, 'number'),
  /** Was at least the number, and is below it now. */
  crossed_below: diff(NUMBERS, 'number'),
} as const satisfies Record<string, Operator>;

export type OperatorName = keyof typeof OPERATORS;

export function isOperator(name: string): name is OperatorName {
  return Object.hasOwn(OPERATORS, name);
}

/** What filters may do with a field of the type, in the order of the table; diffs for events that carry them. */
export function operatorsOf(type: FieldType, carriesDiff = false): OperatorName[] {
  return (Object.keys(OPERATORS) as OperatorName[]).filter((name) => {
    const { types, isDiff }: Operator = OPERATORS[name];
    return types.includes(type) && (carriesDiff || !isDiff);
  });
}
