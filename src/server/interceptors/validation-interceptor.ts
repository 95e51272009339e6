/** Refuses requests that break the rules of their .proto file before any work is done. */
import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import { canonicalizeIds } from '../../calls/canonical-ids.ts';
import { requireValid } from '../../calls/message-validation.ts';
import { readOnlyMessage } from '../port/streamed-call.ts';

/** Throws VALIDATION_FAILED with every violation. Converts the UUIDs of a valid request to lower case. */
export function createValidationInterceptor(): Interceptor {
  return (next) => async (request) => {
    if (request.stream) {
      const { message, request: read } = await readOnlyMessage(request);
      check(request.method, message);
      return next(read);
    }
    check(request.method, request.message);
    return next(request);
  };
}

function check({ input }: DescMethod, message: Message): void {
  requireValid(input, message);
  canonicalizeIds(input, message);
}
