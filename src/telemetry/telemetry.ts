/** Measurements of the running service, for Prometheus to fetch and for an OTLP collector to receive. */
import type { Config } from '../config/config.ts';
import type { Logger } from '../server/logger.ts';
import type { Telemetry } from './start-telemetry.ts';

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
