/** Validates an event's data against its type: field types, no unknown fields, and the size limits. */
import { shownJson } from '../../calls/shown-text.ts';
import type { Limits } from '../../config/config.ts';
import type { FieldViolation } from '../../errors/domain-error.ts';
import type { JsonObject, JsonValue } from '../../filters/filter.ts';
import { describeTextProblem, isOfType, TYPE_RULES } from '../../filters/typed-values.ts';
import type { EventType } from './event-type.ts';

/** The content of an event. */
export interface EventContent {
  readonly data: JsonObject;
  /** null: nothing. */
  readonly previous: JsonObject | null;
}

/** What a form's answers travel in, of events of any type. */
export const ANSWERS = 'answers';

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
      describeTextProblem(name) ?? contentProblem(value, depth - 1) ?? typeProblem(type, root, name, value);
    return wrong === undefined
      ? []
      : [{ field: describeTextProblem(name) ? root : field, description: wrong }];
  });
}

function typeProblem(type: EventType, root: string, name: string, value: JsonValue): string | undefined {
  if (isAbsent(value)) {
    return undefined;
  }
  const known = type.fields.find((each) => each.name === name);
  if (known) {
    return isOfType(known.type, value) ? undefined : `${TYPE_RULES[known.type]}; was ${shownJson(value)}`;
  }
  if (name === ANSWERS && root === 'data') {
    return isObject(value) ? undefined : 'must be an object';
  }
  return `is no field of ${type.name}`;
}

/** What no JSON of PostgreSQL's can hold, and nesting beyond `depth`. */
function contentProblem(value: JsonValue, depth: number): string | undefined {
  if (typeof value === 'string') {
    return describeTextProblem(value);
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

function isAbsent(value: JsonValue | undefined): value is null | undefined {
  return value === undefined || value === null;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
