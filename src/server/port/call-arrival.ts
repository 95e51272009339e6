/**
 * What is known of a call when its headers have arrived, and error details for calls that fail before their
 * handler runs.
 */
import { ConnectError, createContextKey, type HandlerContext } from '@connectrpc/connect';
import { addCallId, describeConnectError } from '../../calls/error-status.ts';
import { callIdKey } from './opened-call.ts';

export interface CallArrival {
  /** `performance.now()` when the headers arrived. */
  readonly atMs: number;
  /** The caller's timeout from then on, in milliseconds; undefined when it gave none. */
  readonly timeoutMs: number | undefined;
  /** undefined: the call did not arrive on a port. */
  readonly callId: string | undefined;
  /** The protocol of the caller. */
  readonly protocol: string;
  /**
   * Whether the call reached the interceptors: its message was complete, within the size limit and decodable.
   */
  understood: boolean;
}

/** Set on every call by the hook below. */
export const callArrivalKey = createContextKey<CallArrival>({
  atMs: 0,
  timeoutMs: undefined,
  callId: undefined,
  protocol: 'unknown',
  understood: false,
});

/**
 * The hook that every call passes (the option `requestGate` of Connect). Errors that the RPC library raises itself (a
 * message too large or undecodable, an invalid timeout) pass no interceptor: the call's signal is aborted with them just
 * before they are written, which is when their details are added. `onRefused` is called for those.
 */
export function createRequestGate(
  onRefused: (context: HandlerContext, arrival: CallArrival, error: ConnectError) => void,
): (context: HandlerContext) => void {
  return (context) => {
    const arrival: CallArrival = {
      atMs: performance.now(),
      timeoutMs: context.timeoutMs(),
      callId: context.values.get(callIdKey),
      protocol: context.protocolName,
      understood: false,
    };
    context.values.set(callArrivalKey, arrival);
    context.signal.addEventListener('abort', () => {
      const error = context.signal.reason;
      if (!arrival.understood && error instanceof ConnectError) {
        describeConnectError(error);
        addCallId(error, arrival.callId);
        onRefused(context, arrival, error);
      }
    });
  };
}
