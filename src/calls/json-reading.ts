/**
 * Hands the JSON of requests through the strict check. The RPC library has one text decoder for all methods and knows no
 * request there, so the call that reads its message is found by its asynchronous context. Binary messages never come
 * here.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { DescMessage } from '@bufbuild/protobuf';
import { createContextKey } from '@connectrpc/connect';
import { checkJson, type JsonFaults } from './check-json.ts';

/** A call whose message may be JSON. */
export interface JsonReading {
  readonly schema: DescMessage;
  /** Who hears of the faults of a message, before anything else is done with it. */
  readonly onFaults: (faults: JsonFaults) => void;
}

const readings = new AsyncLocalStorage<JsonReading>();

/** Runs a call, with everything that it starts. */
export function readJsonIn<T>(reading: JsonReading, call: () => T): T {
  return readings.run(reading, call);
}

/**
 * The RPC library's options for JSON. `textDecoder` is not in their type, though the library takes it; without it the
 * decoder of protobuf would refuse unknown names all the same, but with one fault and no path.
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
