/** A span and a duration for each call, by OpenTelemetry's conventions for RPC servers. */

import { Code } from '@connectrpc/connect';
import {
  type Attributes,
  type Meter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { CallObserver, ObservedCall } from '../server/interceptors/call-observer.ts';
import { SERVER_FAILURES } from './server-failures.ts';
import type { WorkSpans } from './work-spans.ts';

/** Bucket bounds in seconds, at usual latency targets. */
const DURATION_BOUNDARIES = [
  0.001, 0.0025, 0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** What makes spans. */
export interface Tracing {
  readonly tracer: Tracer;
  readonly workSpans: WorkSpans;
}

/** Without tracing there are no spans, and a call belongs to its caller's trace. */
export function observeCalls(meter: Meter, tracing: Tracing | undefined): CallObserver {
  const durations = meter.createHistogram('rpc.server.call.duration', {
    description: 'How long calls took, from their headers to their answer',
    unit: 's',
    advice: { explicitBucketBoundaries: DURATION_BOUNDARIES },
  });
  const failures = meter.createCounter('progression.calls.failed', {
    description: 'Calls that were refused or failed, by reason',
    unit: '{call}',
  });
  return {
    start(call) {
      const method = `${call.method.parent.typeName}/${call.method.name}`;
      const attributes = { 'rpc.system.name': systemOf(call), 'rpc.method': method };
      const span = tracing && startSpan(tracing.tracer, call, method, attributes);
      return {
        traceId: span?.spanContext().traceId ?? call.traceParent?.traceId,
        within: (handle) => (tracing && span ? tracing.workSpans.within(span, handle) : handle()),
        end({ code, reason, durationMs }) {
          const statusCode = nameOf(code);
          durations.record(durationMs / 1000, { ...attributes, 'rpc.status_code': statusCode });
          if (code !== undefined) {
            failures.add(1, { 'rpc.method': method, reason: reason ?? 'NONE' });
          }
          span?.setAttribute('rpc.status_code', statusCode);
          if (reason) {
            span?.setAttribute('error.type', reason);
          }
          if (code !== undefined && SERVER_FAILURES.has(code)) {
            span?.setStatus({ code: SpanStatusCode.ERROR });
          }
          span?.end();
        },
      };
    },
  };
}

function startSpan(tracer: Tracer, call: ObservedCall, name: string, attributes: Attributes) {
  const { traceParent, arrivedAtMs } = call;
  const parent = traceParent
    ? trace.setSpanContext(ROOT_CONTEXT, {
        traceId: traceParent.traceId,
        spanId: traceParent.spanId,
        traceFlags: traceParent.isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
        isRemote: true,
      })
    : ROOT_CONTEXT;
  const startTime = performance.timeOrigin + arrivedAtMs;
  return tracer.startSpan(name, { kind: SpanKind.SERVER, startTime, attributes }, parent);
}

function systemOf({ protocol }: ObservedCall): string {
  return protocol === 'connect' ? 'connectrpc' : 'grpc';
}

/** As gRPC spells them: OK, DEADLINE_EXCEEDED. */
function nameOf(code: Code | undefined): string {
  if (code === undefined) {
    return 'OK';
  }
  const name = code === Code.Canceled ? 'Cancelled' : Code[code];
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
}
