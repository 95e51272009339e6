/** Starts OpenTelemetry: providers, exporters and instruments. */
import { DiagLogLevel, diag, type Tracer } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { v7 as uuidv7 } from 'uuid';
import type { Config } from '../config/config.ts';
import { SERVICE_NAME, SERVICE_VERSION } from '../config/service-version.ts';
import type { EventObserver } from '../events/event-bus.ts';
import type { Backlog } from '../events/read-backlog.ts';
import type { TriggerQueueObserver } from '../progression/engine/trigger-queue-observer.ts';
import type { RetentionObserver } from '../retention/retention-worker.ts';
import type { CallObserver } from '../server/interceptors/call-observer.ts';
import type { Logger } from '../server/logger.ts';
import type { PoolUse } from '../store/driver/connection-pool.ts';
import type { Standby } from '../store/standby.ts';
import { observeCalls, type Tracing } from './call-telemetry.ts';
import { observeBacklog, observeEvents } from './event-metrics.ts';
import { openMetricsPort } from './metrics-port.ts';
import { observePool, observeProcess } from './process-metrics.ts';
import { observeQueue } from './queue-metrics.ts';
import { observeRetention } from './retention-metrics.ts';
import { observeStandby } from './standby-metrics.ts';
import { startWorkSpans } from './work-spans.ts';

export interface Telemetry {
  readonly calls: CallObserver;
  readonly queue: TriggerQueueObserver;
  readonly events: EventObserver;
  readonly retention: RetentionObserver;
  /** Calls `poolUse` at each collection. */
  observePool(poolUse: () => PoolUse): void;
  /** Reads the lag and the counts at each collection. */
  observeStandby(standby: Standby): void;
  /** Calls `read`, which queries the database, at each collection. */
  observeBacklog(read: () => Promise<Backlog>): void;
  /** The URL of the metrics; undefined when there is no metrics port. */
  readonly metricsUrl: string | undefined;
  /** Exports what is left within `limits.telemetryFlushMs`, and closes the metrics port. */
  close(): Promise<void>;
}

/** Rejects with ListenError when the metrics port cannot be opened. */
export async function startTelemetry(config: Config, logger: Logger): Promise<Telemetry> {
  const { metrics, otlpEndpoint, traceRatio } = config.telemetry;
  const { telemetryFlushMs, telemetryIntervalMs } = config.limits;
  reportTroubleTo(logger);
  const resource = resourceFromAttributes({
    'service.name': SERVICE_NAME,
    'service.version': SERVICE_VERSION,
    'service.instance.id': uuidv7(),
  });
  const port = metrics && (await openMetricsPort(metrics));
  const meters = new MeterProvider({
    resource,
    readers: [
      ...(port ? [port.reader] : []),
      ...(otlpEndpoint ? [otlpMetrics(otlpEndpoint, telemetryIntervalMs)] : []),
    ],
  });
  const tracers = otlpEndpoint
    ? new TracerProvider({
        resource,
        sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(traceRatio) }),
        spanProcessors: [
          new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${otlpEndpoint}/v1/traces` }) }),
        ],
      })
    : undefined;
  const meter = meters.getMeter(SERVICE_NAME, SERVICE_VERSION);
  const tracing = tracers && traceBy(tracers.getTracer(SERVICE_NAME, SERVICE_VERSION));
  const stopObservingProcess = observeProcess(meter);

  return {
    calls: observeCalls(meter, tracing),
    queue: observeQueue(meter, tracing?.workSpans),
    events: observeEvents(meter),
    retention: observeRetention(meter),
    observeBacklog: (read) => observeBacklog(meter, read),
    observeStandby: (standby) => observeStandby(meter, standby),
    observePool: (poolUse) => observePool(meter, poolUse),
    metricsUrl: port?.url,
    async close() {
      stopObservingProcess();
      tracing?.workSpans.close();
      const isSent = await Promise.race([
        Promise.allSettled([tracers?.shutdown(), meters.shutdown()]).then(() => true),
        new Promise<false>((resolve) => setTimeout(resolve, telemetryFlushMs, false)),
      ]);
      if (!isSent) {
        logger.warn('the last measurements were not taken in time');
      }
      await port?.close();
    },
  };
}

function traceBy(tracer: Tracer): Tracing {
  return { tracer, workSpans: startWorkSpans(tracer) };
}

function otlpMetrics(endpoint: string, intervalMs: number): PeriodicExportingMetricReader {
  return new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${endpoint}/v1/metrics` }),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: intervalMs,
  });
}

/** Logs OpenTelemetry's own diagnostics, such as an unreachable collector, without their payload. */
function reportTroubleTo(logger: Logger): void {
  const quiet = () => {};
  const warn = (message: unknown) => logger.warn({ telemetry: firstLineOf(message) }, 'telemetry');
  const listener = { error: warn, warn, info: quiet, debug: quiet, verbose: quiet };
  diag.setLogger(listener, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

const TROUBLE_CHARACTERS = 200;

function firstLineOf(message: unknown): string {
  return `${message}`.slice(0, TROUBLE_CHARACTERS).replace(/\n.*/s, '');
}
