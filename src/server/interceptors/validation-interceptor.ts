/** Refuses requests that break the rules of their .proto file before any work is done. */
import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { ContextValues, Interceptor } from '@connectrpc/connect';
import { canonicalizeIds } from '../../calls/canonical-ids.ts';
import { foundFaultsKey } from '../../calls/json-reading.ts';
import { faultsOfMessage, invalidMessage } from '../../calls/message-faults.ts';
import { readOnlyMessage } from '../port/streamed-call.ts';

/** Throws VALIDATION_FAILED with every violation. Converts the UUIDs of a valid request to lower case. */
export function createValidationInterceptor(): Interceptor {
  return (next) => async (request) => {
    const { method, contextValues } = request;
    if (request.stream) {
      const { message, request: read } = await readOnlyMessage(request);
      check(method, message, contextValues);
      return next(read);
    }
    check(method, request.message, contextValues);
    return next(request);
  };
}

function check({ input }: DescMethod, message: Message, contextValues: ContextValues): void {
  const faults = faultsOfMessage(input, message, contextValues.get(foundFaultsKey)?.json);
  if (faults.violations.length > 0) {
    throw invalidMessage(faults);
  }
  canonicalizeIds(input, message);
}
