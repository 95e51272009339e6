/** Measurements of the running service, for Prometheus to fetch and for an OTLP collector to receive. */
import type { Config } from '../config.ts';
import type { Backlog } from '../events/backlog.ts';
import type { EventObserver } from '../events/event-observer.ts';
import type { TriggerQueueObserver } from '../progression/trigger-queue-observer.ts';
import type { CallObserver } from '../server/call-observer.ts';
import type { Logger } from '../server/logger.ts';
import type { PoolUse } from '../store/connection-pool.ts';

export interface Telemetry {
  readonly calls: CallObserver;
  readonly queue: TriggerQueueObserver;
  readonly events: EventObserver;
  /** Asks for this whenever metrics are collected. */
  observePool(poolUse: () => PoolUse): void;
  /** The same; what waits is asked of the database. */
  observeBacklog(read: () => Promise<Backlog>): void;
  /** Where metrics can be fetched; undefined: nowhere. */
  readonly metricsUrl: string | undefined;
  /** Sends what is left, within `limits.telemetryFlushMs`, and closes the metrics port. */
  close(): Promise<void>;
}

/**
 * undefined when the configuration wants no measurements: then nothing of OpenTelemetry is even loaded. Rejects with a
 * ListenError when the metrics port is not to be had.
 */
export async function openTelemetry(config: Config, logger: Logger): Promise<Telemetry | undefined> {
  const { metrics, otlpEndpoint } = config.telemetry;
  if (!metrics && !otlpEndpoint) {
    return undefined;
  }
  const { startTelemetry } = await import('./start-telemetry.ts');
  return startTelemetry(config, logger);
}
