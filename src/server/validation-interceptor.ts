/** Refuses messages that break the rules of their .proto file, before any work is done for them. */
import type { Interceptor } from '@connectrpc/connect';
import { canonicalizeIds } from '../canonical-ids.ts';
import { requireValid } from '../message-validation.ts';

/** Throws VALIDATION_FAILED with every violation of a unary request; brings the ids of a valid one to lower case. */
export function createValidationInterceptor(): Interceptor {
  return (next) => async (request) => {
    if (!request.stream) {
      requireValid(request.method.input, request.message);
      canonicalizeIds(request.method.input, request.message);
    }
    return next(request);
  };
}
