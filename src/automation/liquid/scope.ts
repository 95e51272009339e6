/** The data that a template of a step sees, and nothing else. Pure. */
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { TemplatePath } from './engine.ts';

/** What the scope is built from. */
export interface ScopeParts {
  /** As runs store it; null for a run that no event started. */
  readonly event: JsonObject | null;
  /** The document of the athlete, see athlete-document.ts; null unless a template reads it. */
  readonly athlete: JsonObject | null;
  /** The results of earlier steps that have a name, by name. */
  readonly steps: JsonObject;
  /** By name; those that the action names. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** The names of `event` beside the fields of the event's type, which come first. */
export const EVENT_NAMES = ['id', 'type', 'occurred_at'] as const;

/**
 * `event`, `athlete`, `steps` and `secrets`. Each of the paths has a value, null where there is none, but within
 * `event.data` and a webhook's answer: a name that was not known when the workflow was saved is missing there.
 */
export function buildScope(parts: ScopeParts, paths: readonly TemplatePath[]): JsonObject {
  const scope: JsonObject = {
    event: eventScope(parts.event),
    athlete: athleteScope(parts.athlete),
    steps: structuredClone(parts.steps),
    secrets: Object.fromEntries(parts.secrets),
  };
  for (const path of paths) {
    fill(scope, path);
  }
  return scope;
}

function eventScope(event: JsonObject | null): JsonObject {
  const { data = {}, previous = null, ...rest } = event ?? {};
  const names = Object.fromEntries(EVENT_NAMES.map((name) => [name, rest[name] ?? null]));
  return structuredClone({ ...names, previous, ...(data as JsonObject), data });
}

/** Attributes are below `custom` and, unless a built-in field has the name, beside the built-in fields. */
function athleteScope(document: JsonObject | null): JsonObject {
  const { attributes = {}, ...builtIn } = document ?? {};
  return structuredClone({ ...(attributes as JsonObject), ...builtIn, custom: attributes });
}

/** The length of `steps.<name>.body` and of `event.data`, below which names are not known in advance. */
const LENGTH_OF_BODY = 3;
const LENGTH_OF_DATA = 2;

function knownPart(path: TemplatePath): TemplatePath {
  const [root, name] = path;
  const isData = root === 'event' && name === 'data';
  return root === 'steps' ? path.slice(0, LENGTH_OF_BODY) : isData ? path.slice(0, LENGTH_OF_DATA) : path;
}

function fill(scope: JsonObject, path: TemplatePath): void {
  const [root] = path;
  const known = knownPart(path);
  let object: JsonValue = scope;
  for (const [index, name] of known.entries()) {
    if (typeof name !== 'string' || name === '__proto__' || root === 'secrets' || !isObject(object)) {
      return;
    }
    const isLast = index === known.length - 1;
    const value: JsonValue | undefined = Object.hasOwn(object, name) ? object[name] : undefined;
    object[name] = value ?? (isLast ? null : {});
    object = object[name] ?? null;
  }
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
