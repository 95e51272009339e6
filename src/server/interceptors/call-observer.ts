/** What metrics and traces learn about calls; no value that a caller can choose freely is part of it. */
import type { DescMethod } from '@bufbuild/protobuf';
import type { Code } from '@connectrpc/connect';
import type { Reason } from '../../errors/domain-error.ts';
import type { TraceParent } from './trace-parent.ts';

export interface ObservedCall {
  readonly method: DescMethod;
  /** grpc, grpc-web or connect. */
  readonly protocol: string;
  readonly traceParent: TraceParent | undefined;
  /** `performance.now()` when the headers arrived. */
  readonly arrivedAtMs: number;
}

export interface CallEnd {
  /** undefined for a successful call. */
  readonly code: Code | undefined;
  readonly reason: Reason | undefined;
  readonly durationMs: number;
}

export interface CallObserver {
  /** Called when a call starts; returns the trace of the call and the observer of its end. */
  start(call: ObservedCall): { readonly traceId: string | undefined; end(end: CallEnd): void };
}

/** Without an observer, a call still belongs to its caller's trace. */
export const UNOBSERVED: CallObserver = {
  start: ({ traceParent }) => ({ traceId: traceParent?.traceId, end() {} }),
};
