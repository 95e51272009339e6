/** Refuses requests that break the rules of their .proto file before any work is done. */
import type { Message } from '@bufbuild/protobuf';
import type { Interceptor, StreamRequest, UnaryRequest } from '@connectrpc/connect';
import { canonicalizeIds } from '../../calls/canonical-ids.ts';
import type { FurtherChecks } from '../../calls/further-checks.ts';
import {
  faultsOfMessage,
  foundFaultsKey,
  invalidMessage,
  type MessageFaults,
  withFurther,
} from '../../calls/json-reading.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { principalKey } from '../access/principal.ts';
import { readOnlyMessage } from '../port/streamed-call.ts';

/** How long a refusal may wait for the further checks in the database. */
const FURTHER_CHECK_MS = 1000;

/**
 * Throws VALIDATION_FAILED with every violation, those of the method's further check included. Converts the UUIDs of a
 * valid request to lower case.
 */
export function createValidationInterceptor(checks: FurtherChecks = new Map()): Interceptor {
  return (next) => async (request) => {
    if (request.stream) {
      const { message, request: read } = await readOnlyMessage(request);
      await check(request, message, checks);
      return next(read);
    }
    await check(request, request.message, checks);
    return next(request);
  };
}

async function check(
  request: UnaryRequest | StreamRequest,
  message: Message,
  checks: FurtherChecks,
): Promise<void> {
  const { method, contextValues } = request;
  const faults = faultsOfMessage(method.input, message, contextValues.get(foundFaultsKey)?.json);
  if (faults.violations.length > 0) {
    throw invalidMessage(faults.isReadable ? await checkFurther(faults, request, message, checks) : faults);
  }
  canonicalizeIds(method.input, message);
}

/** A failed check, because the database is busy or unavailable, leaves the violations that were found. */
async function checkFurther(
  faults: MessageFaults,
  { method, contextValues, signal }: UnaryRequest | StreamRequest,
  message: Message,
  checks: FurtherChecks,
): Promise<MessageFaults> {
  const accountId = contextValues.get(principalKey)?.accountId;
  const further = checks.get(method);
  if (!further || accountId === undefined) {
    return faults;
  }
  const limits = { signal, deadlineAtMs: performance.now() + FURTHER_CHECK_MS };
  try {
    return withFurther(faults, await further(message, { accountId, limits }));
  } catch (error) {
    if (error instanceof DomainError) {
      return faults;
    }
    throw error;
  }
}
