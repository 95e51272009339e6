/**
 * The faults of a request's message: those of its JSON, and those by the rules of its .proto file.
 *
 * The RPC library has one text decoder for all methods and knows no request there, so the call that reads
 * its message is found by its asynchronous context. Binary messages are not read here.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { createContextKey } from '@connectrpc/connect';
import { type DomainError, type FieldViolation, invalidFields } from '../errors/domain-error.ts';
import { checkJson, type JsonFaults } from './check-json.ts';
import { violationsOf } from './message-validation.ts';

/** A call whose message may be JSON. */
export interface JsonReading {
  readonly schema: DescMessage;
  /** Receives the faults of a message before it is handled. */
  readonly onFaults: (faults: JsonFaults) => void;
}

const readings = new AsyncLocalStorage<JsonReading>();

/** Runs a call; messages that it reads belong to `reading`. */
export function readJsonIn<T>(reading: JsonReading, call: () => T): T {
  return readings.run(reading, call);
}

/**
 * The RPC library's options for JSON. `textDecoder` is not in their type, but the library uses it. Without it the decoder
 * of protobuf would also refuse unknown names, but with one fault and without a path.
 */
export const STRICT_JSON = {
  ignoreUnknownFields: false,
  textDecoder: {
    decode(bytes: Uint8Array): string {
      const reading = readings.getStore();
      if (!reading) {
        throw new TypeError('JSON is read outside of a call');
      }
      const { text, faults } = checkJson(bytes, reading.schema);
      if (faults) {
        reading.onFaults(faults);
      }
      return text;
    },
  },
};

/** The faults of a call's JSON; filled while the message is read. */
export interface FoundFaults {
  json: JsonFaults | undefined;
}

/** Set by the listener on every call whose message may be JSON. */
export const foundFaultsKey = createContextKey<FoundFaults | undefined>(undefined, {
  description: 'the faults of the JSON',
});

export interface MessageFaults {
  readonly violations: readonly FieldViolation[];
  /** The number of further ones. */
  readonly more: number;
  /** Paths of fields and oneofs that seem to be absent, because they are misspelt or could not be read. */
  readonly lost: readonly string[];
  /** false: the message is unknown. */
  readonly isReadable: boolean;
}

/** Every fault of a message that was sent in binary, or as JSON with these faults. */
export function faultsOfMessage<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
  json: JsonFaults | undefined,
): MessageFaults {
  const { violations = [], more = 0, isReadable = true } = json ?? {};
  const lost = violations.flatMap(({ lost: beside }) => beside);
  const faults = {
    violations: violations.map(({ field, description }) => ({ field, description })),
    ...{ more, lost, isReadable },
  };
  return isReadable ? withFurther(faults, violationsOf(schema, message)) : faults;
}

/** Adds further faults, except those that only follow from the earlier ones. */
export function withFurther(faults: MessageFaults, further: readonly FieldViolation[]): MessageFaults {
  const { lost, violations } = faults;
  const isEcho = ({ field }: FieldViolation) => lost.includes(field);
  const isKnown = ({ field }: FieldViolation) => violations.some((each) => areNested(each.field, field));
  const news = further.filter((each) => !isEcho(each) && !isKnown(each));
  return { ...faults, violations: [...violations, ...news] };
}

/** VALIDATION_FAILED with all of them. */
export function invalidMessage({
  violations,
  more,
}: Pick<MessageFaults, 'violations' | 'more'>): DomainError {
  return invalidFields(violations, more);
}

/** Whether two paths are equal, or one is within the other. */
function areNested(a: string, b: string): boolean {
  const [outer, inner] = a.length <= b.length ? [a, b] : [b, a];
  return (
    inner.startsWith(outer) && (inner.length === outer.length || /^[.[]/.test(inner.slice(outer.length)))
  );
}
