/** One line for every call: what was called, how it ended and how long it took; never what was in it. */
import type { DescMethod } from '@bufbuild/protobuf';
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { isDefect } from '../error-table.ts';
import { type CallArrival, callArrivalKey } from './call-arrival.ts';
import { requestIdIn } from './call-context-interceptor.ts';
import { reasonOf, toConnectError } from './error-status.ts';
import { describeCause, type Logger } from './logger.ts';

/** Logs every call, and hands its caller the error of the contract in place of whatever was thrown. */
export function createLogInterceptor(logger: Logger): Interceptor {
  return (next) => async (request) => {
    const { method, header } = request;
    const arrival = request.contextValues.get(callArrivalKey);
    arrival.understood = true;
    try {
      const response = await next(request);
      logger.info({ ...lineOf(method, header, arrival), code: 'OK' }, 'call');
      return response;
    } catch (error) {
      const answer = toConnectError(error);
      logFailedCall(logger, method, header, arrival, answer.code, error);
      throw answer;
    }
  };
}

/** The line of a call that failed: a refusal with its reason, a defect with its cause. */
export function logFailedCall(
  logger: Logger,
  method: DescMethod,
  header: Headers,
  arrival: CallArrival,
  code: Code,
  error: unknown,
): void {
  const line = { ...lineOf(method, header, arrival), code: Code[code], reason: reasonOf(error) };
  if (isDefect(error) && !(error instanceof ConnectError)) {
    logger.error({ ...line, cause: describeCause(error) }, 'call failed');
  } else {
    logger.info(line, 'call refused');
  }
}

function lineOf(method: DescMethod, header: Headers, arrival: CallArrival) {
  return {
    method: `${method.parent.typeName}/${method.name}`,
    protocol: arrival.protocol,
    requestId: requestIdIn(header),
    durationMs: Math.round((performance.now() - arrival.atMs) * 10) / 10,
  };
}
