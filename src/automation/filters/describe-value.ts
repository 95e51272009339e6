/** Says which value an operator takes, to whoever gave it another. */
import type { FieldType } from './filter.ts';
import type { ValueShape } from './operators.ts';

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

/** A sentence that starts with "must". */
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
