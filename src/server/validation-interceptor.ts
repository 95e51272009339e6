/** Refuses messages that break the rules of their .proto file, before any work is done for them. */
import type { Interceptor } from '@connectrpc/connect';
import { invalidFields } from '../domain-error.ts';
import { BatchHandleTriggersRequestSchema } from '../gen/progression/v1/progression_service_pb.ts';
import { violationsOf } from '../message-validation.ts';

/** An element of a batch: what is wrong with one event is the answer to that event, not to the call. */
const BATCH_ELEMENT = /^triggers\[\d+\]/;

/** Throws VALIDATION_FAILED with every violation of a unary request. */
export function createValidationInterceptor(): Interceptor {
  return (next) => async (request) => {
    if (!request.stream) {
      const schema = request.method.input;
      let violations = violationsOf(schema, request.message);
      if (schema.typeName === BatchHandleTriggersRequestSchema.typeName) {
        violations = violations.filter(({ field }) => !BATCH_ELEMENT.test(field));
      }
      if (violations.length > 0) {
        throw invalidFields(violations);
      }
    }
    return next(request);
  };
}
