/** What the server tells of its calls to whoever measures and traces them: nothing that a caller made up. */
import type { DescMethod } from '@bufbuild/protobuf';
import type { Code } from '@connectrpc/connect';
import type { Reason } from '../../errors/domain-error.ts';
import type { TraceParent } from './trace-parent.ts';

export interface ObservedCall {
  readonly method: DescMethod;
  /** grpc, grpc-web or connect. */
  readonly protocol: string;
  readonly traceParent: TraceParent | undefined;
  /** `performance.now()` when the headers were in. */
  readonly arrivedAtMs: number;
}

export interface CallEnd {
  /** undefined: answered. */
  readonly code: Code | undefined;
  readonly reason: Reason | undefined;
  readonly durationMs: number;
}

export interface CallObserver {
  /** Hears of a call of the API; answers the trace that the call is part of, and who is to hear of its end. */
  start(call: ObservedCall): { readonly traceId: string | undefined; end(end: CallEnd): void };
}

/** Nobody measures; a call is still part of its caller's trace. */
export const UNOBSERVED: CallObserver = {
  start: ({ traceParent }) => ({ traceId: traceParent?.traceId, end() {} }),
};
