/** Whether a value is one of a field's type, for whoever stores values that filters are to read. */
import type { FieldType, JsonValue } from './filter.ts';
import { elementKeyOf, keyOf, readNumber } from './values.ts';

/** What a value must be, by the type of its field. */
export const TYPE_RULES: Readonly<Record<FieldType, string>> = {
  string: 'must be a text',
  id: 'must be a UUID',
  bool: 'must be true or false',
  int: 'must be a whole number',
  decimal: 'must be a decimal number, as a number or as text without an exponent',
  date: 'must be a day of the calendar, such as 2026-03-01',
  timestamp: 'must be a time by RFC 3339, such as 2026-03-01T10:00:00Z',
  list: 'must be a list of texts, numbers, true and false',
};

/** Whether a value, which is not absent, is one of the type. */
export function isOfType(type: FieldType, value: JsonValue): boolean {
  if (type === 'list') {
    return Array.isArray(value) && value.every((element) => elementKeyOf(element) !== undefined);
  }
  return keyOf(type, value) !== undefined && (type !== 'int' || readNumber(value)?.isInteger() === true);
}

/** What is wrong with a text that PostgreSQL could not keep; undefined: nothing. */
export function textProblem(text: string): string | undefined {
  return text.includes('\0') || !text.isWellFormed()
    ? 'must be Unicode text without the character 0'
    : undefined;
}
