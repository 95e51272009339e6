/** Whether an event says what its type says that it may: each field as its type is, nothing else, and not too much. */
import type { Limits } from '../../config.ts';
import type { FieldViolation } from '../../domain-error.ts';
import type { FieldType, JsonObject, JsonValue } from '../filters/filter.ts';
import { elementKeyOf, keyOf, readNumber } from '../filters/values.ts';
import type { EventType } from './event-type.ts';

/** What an event says. */
export interface EventContent {
  readonly data: JsonObject;
  /** null: nothing. */
  readonly previous: JsonObject | null;
}

/** What a form's answers travel in, of events of any type. */
const ANSWERS = 'answers';

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

/**
 * Everything that is wrong with an event of the type, with paths such as `data.amount`; empty: nothing. A field may be
 * missing or null unless triggers on the event must settle it. Limits: eventBytes for all of it as JSON, eventDepth.
 */
export function validateEventData(
  type: EventType,
  { data, previous }: EventContent,
  limits: Pick<Limits, 'eventBytes' | 'eventDepth'>,
): FieldViolation[] {
  const size = Buffer.byteLength(JSON.stringify({ data, previous }));
  if (size > limits.eventBytes) {
    return [{ field: 'data', description: `must have at most ${limits.eventBytes} bytes as JSON` }];
  }
  const missing = type.requiredConfiguration.filter((name) => isAbsent(data[name]));
  return [
    ...missing.map((name) => ({ field: `data.${name}`, description: 'is required' })),
    ...stateViolations(type, 'data', data, limits.eventDepth),
    ...previousViolations(type, previous, limits.eventDepth),
  ];
}

function previousViolations(type: EventType, previous: JsonObject | null, depth: number): FieldViolation[] {
  if (previous === null) {
    return [];
  }
  return type.hasPrevious
    ? stateViolations(type, 'previous', previous, depth)
    : [{ field: 'previous', description: `must be absent: ${type.name} has no state before` }];
}

function stateViolations(type: EventType, root: string, state: JsonObject, depth: number): FieldViolation[] {
  return Object.entries(state).flatMap(([name, value]) => {
    const field = `${root}.${name}`;
    const wrong =
      textProblem(name) ?? contentProblem(value, depth - 1) ?? typeProblem(type, root, name, value);
    return wrong === undefined ? [] : [{ field: textProblem(name) ? root : field, description: wrong }];
  });
}

function typeProblem(type: EventType, root: string, name: string, value: JsonValue): string | undefined {
  if (isAbsent(value)) {
    return undefined;
  }
  const known = type.fields.find((each) => each.name === name);
  if (known) {
    return isOfType(known.type, value) ? undefined : TYPE_RULES[known.type];
  }
  if (name === ANSWERS && root === 'data') {
    return isObject(value) ? undefined : 'must be an object';
  }
  return `is no field of ${type.name}`;
}

/** Whether a value, which is not absent, is one of the type. */
export function isOfType(type: FieldType, value: JsonValue): boolean {
  if (type === 'list') {
    return Array.isArray(value) && value.every((element) => elementKeyOf(element) !== undefined);
  }
  return keyOf(type, value) !== undefined && (type !== 'int' || readNumber(value)?.isInteger() === true);
}

/** What no JSON of PostgreSQL's can hold, and nesting beyond `depth`. */
function contentProblem(value: JsonValue, depth: number): string | undefined {
  if (typeof value === 'string') {
    return textProblem(value);
  }
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : 'must not be infinite, nor no number at all';
  }
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  if (depth === 0) {
    return 'must not be nested as deep';
  }
  const parts = Array.isArray(value) ? value : [...Object.keys(value), ...Object.values(value)];
  for (const part of parts) {
    const wrong = contentProblem(part, depth - 1);
    if (wrong) {
      return wrong;
    }
  }
  return undefined;
}

/** What is wrong with a text that PostgreSQL could not keep; undefined: nothing. */
export function textProblem(text: string): string | undefined {
  return text.includes('\0') || !text.isWellFormed()
    ? 'must be Unicode text without the character 0'
    : undefined;
}

function isAbsent(value: JsonValue | undefined): value is null | undefined {
  return value === undefined || value === null;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
