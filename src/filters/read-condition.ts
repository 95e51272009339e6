/** Reads one condition into a comparison, or lists its problems with the allowed values. */

import type { Comparison } from './condition-comparison.ts';
import type { FieldCatalogue, FieldType, FilterCondition, FilterField } from './filter.ts';
import {
  acceptsOperator,
  isOperator,
  listOperators,
  OPERATORS,
  type Operator,
  type ValueShape,
} from './filter-operators.ts';
import { typeField } from './untyped-field.ts';

const NOUNS: Readonly<Record<FieldType, string>> = {
  string: 'a text',
  id: 'a UUID',
  bool: 'true or false',
  int: 'a whole number',
  decimal: 'a number, or its text such as "102.5"',
  date: 'a date such as "2026-11-20"',
  timestamp: 'a time such as "2026-11-20T09:30:00Z"',
  list: 'a text, a number, true or false',
};

/** Describes the values that an operator accepts, as a predicate that starts with "must". */
export function describeValue(shape: ValueShape, type: FieldType): string {
  const noun = NOUNS[type];
  switch (shape) {
    case 'none':
      return 'must be absent: this operator compares with nothing';
    case 'one':
    case 'number':
      return `must be ${noun}`;
    case 'several':
    case 'elements':
      return `must be a list that is not empty, each element ${noun}`;
    case 'range':
      return `must be a list of two, the lower one first, each ${noun}`;
    case 'amount':
      return `must be ${noun}, above 0`;
    case 'text':
      return 'must be a text that is not empty';
    case 'part':
      return type === 'list' ? `must be ${noun}` : 'must be a text that is not empty';
    case 'count':
      return 'must be a whole number from 0';
    case 'day':
      return type === 'timestamp' ? `must be ${NOUNS.date}, or ${noun}` : `must be ${noun}`;
    case 'date':
      return `must be ${NOUNS.date}`;
    case 'span':
      return type === 'date'
        ? 'must be a number of days or weeks such as "7d" or "2w"'
        : 'must be a number of minutes, hours, days or weeks such as "90m", "12h", "7d" or "2w"';
    case 'month':
      return 'must be a month from 1 to 12';
    case 'weekday':
      return 'must be a day of the week from 1, Monday, to 7';
  }
}

export interface ReadCondition {
  readonly field: FilterField;
  readonly comparison: Comparison;
  /** Negates the verdict of the comparison. */
  readonly isNegative: boolean;
}

/** A problem with one part of a condition, and the values allowed there. */
export interface ConditionProblem {
  readonly part: 'field' | 'operator' | 'value';
  readonly description: string;
}

/** Returns the condition, or a non-empty list of its problems. */
export function readCondition(
  condition: FilterCondition,
  catalogue: FieldCatalogue,
): ReadCondition | readonly ConditionProblem[] {
  const named = catalogue.resolve(condition.field);
  const operator: Operator | undefined = isOperator(condition.operator)
    ? OPERATORS[condition.operator]
    : undefined;
  const field = named?.isUntyped && operator ? typeField(named, operator, condition.value) : named;
  const carriesDiff = catalogue.carriesDiff && field?.scope === 'event' && !field.isUntyped;
  const problems: ConditionProblem[] = [];
  if (!field) {
    problems.push({ part: 'field', description: describeUnknownField(condition.field) });
  }
  if (!operator || (field && !acceptsOperator(field.type, operator, carriesDiff))) {
    problems.push({ part: 'operator', description: describeOperators(field, carriesDiff) });
  }
  if (!field || !operator || problems.length > 0) {
    return problems;
  }
  const comparison = operator.read(condition.value, field.type);
  return comparison
    ? { field, comparison, isNegative: operator.negates !== null }
    : [{ part: 'value', description: describeValue(operator.value, field.type) }];
}

export function isProblems(
  read: ReadCondition | readonly ConditionProblem[],
): read is readonly ConditionProblem[] {
  return Array.isArray(read);
}

function describeOperators(field: FilterField | undefined, carriesDiff: boolean): string {
  return field
    ? `Invalid filter operator; this field takes ${listOperators(field.type, carriesDiff).join(', ')}`
    : 'Invalid filter operator';
}

/** Maximum length of an unknown name in the error text. */
const SHOWN_NAME = 60;

function describeUnknownField(name: string): string {
  const shown = name.length > SHOWN_NAME ? `${name.slice(0, SHOWN_NAME)}…` : name;
  const known = name.startsWith('steps.')
    ? 'only a branch reads steps: of a named step before it the outcome, reason, taken, status, body and body.<path>'
    : 'a field is one of the event, of the athlete, or one that the account defined under answers. or custom.';
  return `Unknown field ${JSON.stringify(shown.toWellFormed())}; ${known}`;
}
