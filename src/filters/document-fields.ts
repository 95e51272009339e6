/** Finds a field's value in the documents that a filter is evaluated against. */
import { type FilterField, type FilterInput, isList, type JsonObject, type JsonValue } from './filter.ts';

/** The value as the document holds it, null included; undefined when there is none. */
export function readCurrentValue(field: FilterField, input: FilterInput): JsonValue | undefined {
  return readValueAt(readsAthlete(field) ? input.athlete : input.event, field.path);
}

/** Of an event's field, as it was before. */
export function readPreviousValue(field: FilterField, input: FilterInput): JsonValue | undefined {
  return readValueAt(input.previous, field.path);
}

export function readsAthlete({ scope }: FilterField): boolean {
  return scope === 'athlete' || scope === 'custom';
}

/** Only what is an object's own: names such as `constructor` lead nowhere. */
export function readValueAt(document: JsonValue, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = document;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = value[name];
  }
  return value;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}
