/** Checks the JSON of a request strictly: finds its faults, and the JSON without them. */
import type { DescMessage } from '@bufbuild/protobuf';
import { UnreadableJson } from './json-cursor.ts';
import { messageReader } from './json-messages.ts';
import { type JsonFault, type JsonKey, JsonWalk } from './json-walk.ts';

export interface CheckedJson {
  /** The text for protobuf's decoder: as it was sent, or without its faults. */
  readonly text: string;
  /** undefined: there are none. */
  readonly faults: JsonFaults | undefined;
}

export interface JsonFaults {
  readonly violations: readonly JsonFault[];
  /** The number of further ones. */
  readonly more: number;
  /** false: the text could not be read to its end, so the message is unknown. */
  readonly isReadable: boolean;
}

/** Fails for invalid UTF-8 instead of replacing it. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Creates the readers of message types before the first call. */
export function prepareJson(schemas: Iterable<DescMessage>): void {
  for (const schema of schemas) {
    messageReader(schema);
  }
}

/** Does not throw for any input of a caller. */
export function checkJson(bytes: Uint8Array, schema: DescMessage): CheckedJson {
  if (bytes.length === 0) {
    return unreadable('is empty; a request without fields is {}');
  }
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return unreadable('is no UTF-8');
  }
  const walk = new JsonWalk(text);
  try {
    messageReader(schema)(walk);
    walk.cursor.end();
  } catch (error) {
    if (error instanceof UnreadableJson) {
      return unreadable(error.message, walk);
    }
    throw error;
  }
  const { faults, more, ignored } = walk;
  if (faults.length === 0) {
    return { text: ignored.length === 0 ? text : without(text, ignored), faults: undefined };
  }
  const places = [...ignored, ...faults.map(({ keys }) => keys)];
  // Without the paths of all faults, or without an object, nothing of the message can be kept.
  const isReadable = more === 0 && places.every(({ length }) => length > 0);
  const rest = isReadable ? without(text, places) : '{}';
  return { text: rest, faults: { violations: faults, more, isReadable } };
}

function unreadable(description: string, { faults, more }: Partial<JsonWalk> = {}): CheckedJson {
  const violations = [
    { field: '', description: `the message ${description}`, keys: [], lost: [] },
    ...(faults ?? []),
  ];
  return { text: '{}', faults: { violations, more: more ?? 0, isReadable: false } };
}

/** Removes the members at these paths from the JSON; for a path within a list, the whole list. */
function without(text: string, places: readonly (readonly JsonKey[])[]): string {
  const root: unknown = JSON.parse(text);
  for (const keys of places) {
    remove(root, keys);
  }
  return JSON.stringify(root);
}

function remove(root: unknown, keys: readonly JsonKey[]): void {
  const isElement = (key: JsonKey | undefined) => typeof key === 'number';
  const length = keys.findLastIndex((key) => !isElement(key));
  let owner = root;
  for (const key of keys.slice(0, Math.max(length, 0))) {
    // Undefined when an enclosing member has been removed already.
    owner = isObject(owner) && Object.hasOwn(owner, key) ? owner[key] : undefined;
  }
  const name = keys[length];
  if (isObject(owner) && name !== undefined) {
    delete owner[name];
  }
}

function isObject(value: unknown): value is Record<JsonKey, unknown> {
  return typeof value === 'object' && value !== null;
}
