/**
 * Reads and writes large messages in slices, so that other calls have their turns meanwhile. The encoding of a message is the
 * concatenation of those of its parts.
 */
import { create, type DescMessage, type Message, mergeFromBinary } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { createSemaphore } from '../../flow/semaphore.ts';
import { inSlices } from '../../flow/slices.ts';

/** Smaller messages are read at once. */
const LARGE_BYTES = 32 * 1024;
const PART_BYTES = 8 * 1024;
/** Lists with fewer elements are written at once. */
const LARGE_LIST = 100;
const PART_ELEMENTS = 25;

/** Messages are admitted by their size as soon as they are read, so only one may be half read. */
const readers = createSemaphore({ slots: 1 });

/** The same message as `parse` gives, which also throws what is wrong with the bytes. */
export async function parseInSlices<M extends Message>(
  schema: DescMessage,
  bytes: Uint8Array,
  parse: (bytes: Uint8Array) => M,
): Promise<M> {
  if (bytes.length < LARGE_BYTES) {
    return parse(bytes);
  }
  const release = await readers.acquire('');
  const message = create(schema);
  try {
    for await (const part of inSlices(partsOf(bytes))) {
      mergeFromBinary(schema, message, part);
    }
  } catch {
    return parse(bytes);
  } finally {
    release();
  }
  return message as M;
}

/** Splits the encoding of a message between its fields. */
function* partsOf(bytes: Uint8Array): Generator<Uint8Array> {
  const reader = new BinaryReader(bytes);
  let start = 0;
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    reader.skip(wireType, field);
    if (reader.pos - start >= PART_BYTES || reader.pos >= reader.len) {
      yield bytes.subarray(start, reader.pos);
      start = reader.pos;
    }
  }
}

/** An encoding of the message; its long lists come last. */
export async function serializeInSlices<M extends Message>(
  schema: DescMessage,
  message: M,
  serialize: (message: M) => Uint8Array,
): Promise<Uint8Array> {
  const lists = schema.fields.flatMap(({ fieldKind, localName }) => {
    const value = fieldKind === 'list' ? message[localName as keyof M] : undefined;
    return Array.isArray(value) && value.length >= LARGE_LIST ? [{ name: localName, elements: value }] : [];
  });
  if (lists.length === 0) {
    return serialize(message);
  }
  const none = Object.fromEntries(lists.map(({ name }) => [name, []]));
  const parts = [serialize({ ...message, ...none })];
  for await (const { name, elements } of inSlices(lists.flatMap(dividedList))) {
    parts.push(serialize({ ...(create(schema) as M), [name]: elements }));
  }
  return Buffer.concat(parts);
}

function dividedList({ name, elements }: { readonly name: string; readonly elements: readonly unknown[] }) {
  const parts = Math.ceil(elements.length / PART_ELEMENTS);
  return Array.from({ length: parts }, (_, part) => {
    const start = part * PART_ELEMENTS;
    return { name, elements: elements.slice(start, start + PART_ELEMENTS) };
  });
}
