/** Writes one log line for each call: method, result and duration; never its content. */
import type { DescMethod } from '@bufbuild/protobuf';
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { addCallId, reasonOf, toConnectError } from '../../calls/error-status.ts';
import { isDefect } from '../../errors/error-table.ts';
import { describeCause, type Logger } from '../logger.ts';
import { type CallArrival, callArrivalKey } from '../port/call-arrival.ts';
import { observeEnd, type StreamEnd } from '../port/streamed-call.ts';
import { requestIdIn } from './call-context-interceptor.ts';
import { type CallObserver, type CallUnderWay, traceParentIn } from './call-observer.ts';

/** The observers of every call. */
export interface CallListeners {
  readonly logger: Logger;
  readonly calls: CallObserver;
}

/** Logs and reports every call, and converts what was thrown to the error of the contract. */
export function createLogInterceptor(listeners: CallListeners): Interceptor {
  return (next) => async (request) => {
    const { method, header } = request;
    const arrival = request.contextValues.get(callArrivalKey);
    arrival.understood = true;
    const record = startRecord(listeners, method, header, arrival);
    try {
      const response = await record.within(() => next(request));
      if (response.stream) {
        return { ...response, message: observeEnd(response.message, record) };
      }
      record.completed();
      return response;
    } catch (error) {
      throw record.failed(error);
    }
  };
}

/** Logs and reports a call that failed before its handler ran. */
export function logFailedCall(
  listeners: CallListeners,
  method: DescMethod,
  header: Headers,
  arrival: CallArrival,
  code: Code,
  error: unknown,
): void {
  startRecord(listeners, method, header, arrival).refused(code, error);
}

/** Writes the line and the report of one call, whichever way it ends. */
function startRecord(
  { logger, calls }: CallListeners,
  method: DescMethod,
  header: Headers,
  arrival: CallArrival,
): StreamEnd & { within: CallUnderWay['within']; refused(code: Code, error: unknown): void } {
  const { protocol, atMs, callId } = arrival;
  const call = calls.start({ method, protocol, traceParent: traceParentIn(header), arrivedAtMs: atMs });

  function endAs(code: Code | undefined, reason: ReturnType<typeof reasonOf>) {
    const durationMs = performance.now() - atMs;
    call.end({ code, reason, durationMs });
    return {
      method: `${method.parent.typeName}/${method.name}`,
      protocol,
      callId,
      requestId: requestIdIn(header),
      traceId: call.traceId,
      durationMs: Math.round(durationMs * 10) / 10,
      code: code === undefined ? 'OK' : Code[code],
      reason,
    };
  }

  /** A refusal is logged with its reason, a defect with its cause. */
  function refused(code: Code, error: unknown): void {
    const line = endAs(code, reasonOf(error));
    if (isDefect(error) && !(error instanceof ConnectError)) {
      logger.error({ ...line, cause: describeCause(error) }, 'call failed');
    } else {
      logger.info(line, 'call refused');
    }
  }

  return {
    within: call.within,
    completed() {
      logger.info(endAs(undefined, undefined), 'call');
    },
    refused,
    failed(error) {
      const answer = toConnectError(error);
      refused(answer.code, error);
      return addCallId(answer, callId);
    },
    left() {
      logger.info(endAs(Code.Canceled, 'CANCELLED'), 'call');
    },
  };
}
