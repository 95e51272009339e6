/** Serves a call whose message may be JSON, so that the message is read strictly. */
import { createContextValues } from '@connectrpc/connect';
import type { UniversalHandler, UniversalServerRequest } from '@connectrpc/connect/protocol';
import type { JsonFaults } from '../../calls/check-json.ts';
import { toConnectError } from '../../calls/error-status.ts';
import { type FoundFaults, foundFaultsKey, invalidMessage, readJsonIn } from '../../calls/json-reading.ts';

/**
 * Runs `serve` with the strict reader of JSON in place. The faults of the API's messages are left to the validation
 * interceptor, so that a caller is known before a fault is told, and told with everything else that is wrong.
 * `isValidated` false: the method has no such interceptor, and is refused as soon as its message is read.
 */
export function serveJsonCall<T>(
  { method }: UniversalHandler,
  call: UniversalServerRequest,
  isValidated: boolean,
  serve: (call: UniversalServerRequest) => T,
): T {
  if (!mayBeJson(call)) {
    return serve(call);
  }
  const found: FoundFaults = { json: undefined };
  const contextValues = (call.contextValues ?? createContextValues()).set(foundFaultsKey, found);
  const reading = {
    schema: method.input,
    onFaults(faults: JsonFaults) {
      if (!isValidated) {
        throw toConnectError(invalidMessage(faults));
      }
      found.json = faults;
    },
  };
  return readJsonIn(reading, () => serve({ ...call, contextValues }));
}

/** A GET says in its query what its message is. */
function mayBeJson({ method, header }: UniversalServerRequest): boolean {
  return method !== 'POST' || /json/i.test(header.get('content-type') ?? '');
}
