/**
 * The part of a document that certain fields make up, personal ones masked.
 * Hides who somebody is.
 */
import { valueAt } from '../../filters/documents.ts';
import type { FilterField, JsonObject, JsonValue } from '../../filters/filter.ts';

/** A field that the document does not have is null. */
export function excerptOf(document: JsonValue, fields: Iterable<FilterField>): JsonObject {
  const excerpt: Record<string, JsonValue> = {};
  for (const { path, isPersonal } of fields) {
    const value = valueAt(document, path);
    putAt(excerpt, path, (isPersonal ? masked(value) : value) ?? null);
  }
  return excerpt;
}

function putAt(
  target: Record<string, JsonValue>,
  [name = '', ...rest]: readonly string[],
  value: JsonValue,
): void {
  if (rest.length === 0) {
    setOwn(target, name, value);
    return;
  }
  const inner: Record<string, JsonValue> = { ...(valueAt(target, [name]) as JsonObject | undefined) };
  putAt(inner, rest, value);
  setOwn(target, name, inner);
}

/** Also a name such as `__proto__`, which an assignment would take for something else. */
function setOwn(target: Record<string, JsonValue>, name: string, value: JsonValue): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

/** `A•••` for a text, bullets for anything else; what is absent stays so. */
export function masked(value: JsonValue | undefined): JsonValue | undefined {
  if (value === undefined || value === null) {
    return value;
  }
  return typeof value === 'string' ? maskedText(value) : BULLETS;
}

export function maskedText(text: string): string {
  const [first = ''] = text;
  return `${first}${BULLETS}`;
}

const BULLETS = '•••';
