/** Reads the JSON of a request strictly: what of it is wrong, and what remains of it without that. */
import type { DescMessage } from '@bufbuild/protobuf';
import { UnreadableJson } from './json-cursor.ts';
import { messageReader } from './json-messages.ts';
import { type JsonFault, type JsonKey, JsonWalk } from './json-walk.ts';

export interface CheckedJson {
  /** What protobuf's decoder is to read: the text as it was sent, or what remains of it without its faults. */
  readonly text: string;
  /** undefined: there are none. */
  readonly faults: JsonFaults | undefined;
}

export interface JsonFaults {
  readonly violations: readonly JsonFault[];
  /** How many there are beside those. */
  readonly more: number;
  /** false: the text could not be read to its end, so that nothing is known of the message. */
  readonly isReadable: boolean;
}

/** Decodes without a replacement for what is no UTF-8. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Makes the readers of message types before the first call needs them. */
export function prepareJson(schemas: Iterable<DescMessage>): void {
  for (const schema of schemas) {
    messageReader(schema);
  }
}

/** Never throws for what a caller may send. */
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
  // Of too many faults the places are not kept, and what is no object at all has no rest.
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

/** The JSON without what is at these places; without the whole list for what is in a list. */
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
    // Gone already, with something around it.
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
