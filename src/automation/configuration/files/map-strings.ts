/** Replaces every text within a message. */
import { clone, type DescMessage, type MessageShape } from '@bufbuild/protobuf';

/** A copy with `map` applied to each text, and to each key of maps and of JSON objects. Names of fields must not change. */
export function mapStrings<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
  map: (text: string) => string,
): MessageShape<D> {
  const copy = clone(schema, message);
  mapWithin(copy, map);
  return copy;
}

/** In place. */
function mapWithin(value: unknown, map: (text: string) => string): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) {
    return;
  }
  const object = value as Record<string, unknown>;
  for (const [key, held] of Object.entries(object)) {
    const mapped = map(key);
    if (mapped !== key) {
      delete object[key];
    }
    object[mapped] = typeof held === 'string' ? map(held) : held;
    mapWithin(held, map);
  }
}
