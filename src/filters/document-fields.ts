/** Reads field values from the documents of a filter's input. */
import { type FilterField, type FilterInput, isList, type JsonObject, type JsonValue } from './filter.ts';

/** The current value of the field, null included; undefined when it is absent. */
export function readCurrentValue(field: FilterField, input: FilterInput): JsonValue | undefined {
  return readValueAt(readsAthlete(field) ? input.athlete : input.event, field.path);
}

/** The value of an event's field before the change; undefined when the field did not change. */
export function readPreviousValue(field: FilterField, input: FilterInput): JsonValue | undefined {
  return readValueAt(input.previous, field.path);
}

export function readsAthlete({ scope }: FilterField): boolean {
  return scope === 'athlete' || scope === 'custom';
}

/** Reads only own properties, so that names such as `constructor` find nothing. */
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
