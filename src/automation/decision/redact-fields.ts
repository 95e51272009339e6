/**
 * The part of a document that certain fields make up, personal ones masked.
 * Hides who somebody is.
 */
import { readValueAt } from '../../filters/document-fields.ts';
import type { FilterField, JsonObject, JsonValue } from '../../filters/filter.ts';

/** A field that the document does not have is null. */
export function redactFields(document: JsonValue, fields: Iterable<FilterField>): JsonObject {
  const excerpt: Record<string, JsonValue> = {};
  for (const { path, isPersonal } of fields) {
    const value = readValueAt(document, path);
    setAtPath(excerpt, path, (isPersonal ? redactValue(value) : value) ?? null);
  }
  return excerpt;
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

/** Also a name such as `__proto__`, which an assignment would take for something else. */
function setOwnProperty(target: Record<string, JsonValue>, name: string, value: JsonValue): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

/** `A•••` for a text, bullets for anything else; what is absent stays so. */
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
