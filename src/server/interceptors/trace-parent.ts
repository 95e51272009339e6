/** Parses the header traceparent of W3C Trace Context. */

export interface TraceParent {
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
