/** What is known of a call as soon as its headers are in; and the details of calls that fail before they run. */
import { ConnectError, createContextKey, type HandlerContext } from '@connectrpc/connect';
import { describeConnectError } from '../../calls/error-status.ts';

export interface CallArrival {
  /** `performance.now()` when the headers were in. */
  readonly atMs: number;
  /** How long the caller waits from then on; undefined: it did not say. */
  readonly timeoutMs: number | undefined;
  /** What the caller speaks. */
  readonly protocol: string;
  /** Whether the call reached the interceptors: its message was complete, of a fair size and readable. */
  understood: boolean;
}

/** Set on every call by the request gate. */
export const callArrivalKey = createContextKey<CallArrival>({
  atMs: 0,
  timeoutMs: undefined,
  protocol: 'unknown',
  understood: false,
});

/**
 * The gate of every call. Errors that the RPC library raises on its own (a message too large or unreadable, an
 * impossible timeout) pass no interceptor: the call is aborted with them just before they are written, which is
 * where they get their details. `onRefused` hears of those.
 */
export function createRequestGate(
  onRefused: (context: HandlerContext, arrival: CallArrival, error: ConnectError) => void,
): (context: HandlerContext) => void {
  return (context) => {
    const arrival: CallArrival = {
      atMs: performance.now(),
      timeoutMs: context.timeoutMs(),
      protocol: context.protocolName,
      understood: false,
    };
    context.values.set(callArrivalKey, arrival);
    context.signal.addEventListener('abort', () => {
      const error = context.signal.reason;
      if (!arrival.understood && error instanceof ConnectError) {
        describeConnectError(error);
        onRefused(context, arrival, error);
      }
    });
  };
}
