/**
 * What metrics and traces learn about calls: no value that a caller can choose freely, except the trace (the
 * header traceparent of W3C Trace Context).
 */
import type { DescMethod } from '@bufbuild/protobuf';
import type { Code } from '@connectrpc/connect';
import type { Reason } from '../../errors/domain-error.ts';

interface TraceParent {
  /** 32 and 16 lower-case hexadecimal digits. */
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

const TRACE_PARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 1;

/** undefined when the header is absent, or when the standard says to ignore it. */
export function traceParentIn(header: Headers): TraceParent | undefined {
  const [, version, traceId, spanId, flags, more] = TRACE_PARENT.exec(header.get('traceparent') ?? '') ?? [];
  if (!traceId || !spanId || (version === '00' && more !== undefined)) {
    return undefined;
  }
  return { traceId, spanId, isSampled: (Number.parseInt(`${flags}`, 16) & SAMPLED) === SAMPLED };
}

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

export interface CallUnderWay {
  readonly traceId: string | undefined;
  /** Runs the handler as a part of the call's trace. */
  within<T>(handle: () => T): T;
  end(end: CallEnd): void;
}

export interface CallObserver {
  /** Called when a call starts. */
  start(call: ObservedCall): CallUnderWay;
}

/** Without an observer, a call still belongs to its caller's trace. */
export const UNOBSERVED: CallObserver = {
  start: ({ traceParent }) => ({ traceId: traceParent?.traceId, within: (handle) => handle(), end() {} }),
};
