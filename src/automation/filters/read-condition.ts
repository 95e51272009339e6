/** Reads one condition into the engines' terms, or says all that is wrong with it. */
import type { Comparison } from './comparison.ts';
import { describeValue } from './describe-value.ts';
import type { FieldCatalogue, FilterCondition, FilterField } from './filter.ts';
import { isOperator, OPERATORS, type Operator, operatorsOf, takes } from './operators.ts';

export interface ReadCondition {
  readonly field: FilterField;
  readonly comparison: Comparison;
  /** The verdict is the opposite of the comparison's. */
  readonly isNegative: boolean;
}

/** What is wrong with a part of a condition, and what is allowed there. */
export interface ConditionProblem {
  readonly part: 'field' | 'operator' | 'value';
  readonly description: string;
}

/** A list is of problems, at least one. */
export function readCondition(
  condition: FilterCondition,
  catalogue: FieldCatalogue,
): ReadCondition | readonly ConditionProblem[] {
  const field = catalogue.resolve(condition.field);
  const operator: Operator | undefined = isOperator(condition.operator)
    ? OPERATORS[condition.operator]
    : undefined;
  const carriesDiff = catalogue.carriesDiff && field?.scope === 'event';
  const problems: ConditionProblem[] = [];
  if (!field) {
    problems.push({ part: 'field', description: describeUnknownField(condition.field) });
  }
  if (!operator || (field && !takes(field.type, operator, carriesDiff))) {
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
    ? `Invalid filter operator; this field takes ${operatorsOf(field.type, carriesDiff).join(', ')}`
    : 'Invalid filter operator';
}

/** Names are echoed as far as anybody would read them. */
const SHOWN_NAME = 60;

function describeUnknownField(name: string): string {
  const shown = name.length > SHOWN_NAME ? `${name.slice(0, SHOWN_NAME)}…` : name;
  return (
    `Unknown field ${JSON.stringify(shown.toWellFormed())}; a field is one of the event, of the athlete, ` +
    'or one that the account defined under answers. or custom.'
  );
}
