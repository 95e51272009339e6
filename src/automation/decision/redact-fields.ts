/** Copies certain fields of a document and redacts the personal ones. */

import type { FilterField, JsonObject, JsonValue } from '../../filters/filter.ts';
import { readValueAt } from '../../filters/filter-subject.ts';

/** Copies the fields from the document; personal values are redacted, and a missing field is null. */
export function redactFields(document: JsonValue, fields: Iterable<FilterField>): JsonObject {
  const copy: Record<string, JsonValue> = {};
  for (const { path, isPersonal } of fields) {
    const value = readValueAt(document, path);
    setAtPath(copy, path, (isPersonal ? redactValue(value) : value) ?? null);
  }
  return copy;
}

function setAtPath(
  target: Record<string, JsonValue>,
  [name = '', ...rest]: readonly string[],
  value: JsonValue,
): void {
  if (rest.length === 0) {
    setOwnProperty(target, name, value);
    return;
  }
  const inner: Record<string, JsonValue> = { ...(readValueAt(target, [name]) as JsonObject | undefined) };
  setAtPath(inner, rest, value);
  setOwnProperty(target, name, inner);
}

/** Defines the property, because an assignment to a name such as `__proto__` would change the prototype. */
function setOwnProperty(target: Record<string, JsonValue>, name: string, value: JsonValue): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

/**
 * Redacts a value: a text becomes its first character and bullets (`A•••`), any other value becomes bullets.
 * Undefined and null stay.
 */
export function redactValue(value: JsonValue | undefined): JsonValue | undefined {
  if (value === undefined || value === null) {
    return value;
  }
  return typeof value === 'string' ? redactText(value) : BULLETS;
}

export function redactText(text: string): string {
  const [first = ''] = text;
  return `${first}${BULLETS}`;
}

const BULLETS = '•••';
