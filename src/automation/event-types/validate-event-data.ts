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

type EventLimits = Pick<Limits, 'eventBytes' | 'eventDepth' | 'furtherDataBytes'>;

/** Validates as `validateEventData`, and lets `data` have fields that the type does not know, of furtherDataBytes as JSON. */
export function validatePublishedData(
  type: EventType,
  content: EventContent,
  limits: EventLimits,
): FieldViolation[] {
  const tooLarge = sizeViolations(content, limits);
  if (tooLarge.length > 0) {
    return tooLarge;
  }
  const known = Object.entries(content.data).filter(([name]) => !isFurther(type, name));
  const further = Object.entries(content.data).filter(([name]) => isFurther(type, name));
  const bytes = further.length > 0 ? Buffer.byteLength(JSON.stringify(Object.fromEntries(further))) : 0;
  const { furtherDataBytes } = limits;
  const excess = `must have at most ${furtherDataBytes} bytes as JSON in fields that ${type.name} does not know, not ${bytes}`;
  return [
    ...validateEventData(type, { ...content, data: Object.fromEntries(known) }, limits),
    ...further.flatMap(([name, value]) => furtherViolations(name, value, limits)),
    ...(bytes > furtherDataBytes ? [{ field: 'data', description: excess }] : []),
  ];
}

/** Whether a field of an event's data is none that the type knows. */
export function isFurther({ fields }: EventType, name: string): boolean {
  return name !== ANSWERS && !fields.some((each) => each.name === name);
}

function furtherViolations(name: string, value: JsonValue, { eventDepth }: EventLimits): FieldViolation[] {
  const wrongName = describeTextProblem(name);
  const wrong = wrongName ?? contentProblem(value, eventDepth - 1);
  return wrong === undefined ? [] : [{ field: wrongName ? 'data' : `data.${name}`, description: wrong }];
}

/**
 * Everything that is wrong with an event of the type, with paths such as `data.amount`; empty: nothing. A field may be
 * missing or null unless the type requires it, or triggers on the event must settle it. Limits: eventBytes for all of it as JSON, eventDepth.
 */
export function validateEventData(
  type: EventType,
  { data, previous }: EventContent,
  limits: Pick<Limits, 'eventBytes' | 'eventDepth'>,
): FieldViolation[] {
  const tooLarge = sizeViolations({ data, previous }, limits);
  if (tooLarge.length > 0) {
    return tooLarge;
  }
  const required = [...type.requiredConfiguration, ...(type.requiredFields ?? [])];
  const missing = required.filter((name) => isAbsent(data[name]));
  return [
    ...missing.map((name) => ({ field: `data.${name}`, description: 'is required' })),
    ...stateViolations(type, 'data', data, limits.eventDepth),
    ...previousViolations(type, previous, limits.eventDepth),
  ];
}

function sizeViolations(content: EventContent, { eventBytes }: Pick<Limits, 'eventBytes'>): FieldViolation[] {
  return Buffer.byteLength(JSON.stringify(content)) > eventBytes
    ? [{ field: 'data', description: `must have at most ${eventBytes} bytes as JSON` }]
    : [];
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
