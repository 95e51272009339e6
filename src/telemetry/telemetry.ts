/** Opens telemetry when the configuration asks for it. */
import type { Config } from '../config/config.ts';
import type { Logger } from '../server/logger.ts';
import type { Telemetry } from './start-telemetry.ts';

/**
 * undefined when neither metrics nor OTLP are configured; OpenTelemetry is then not loaded. Rejects with
 * ListenError when the metrics port cannot be opened.
 */
export async function openTelemetry(config: Config, logger: Logger): Promise<Telemetry | undefined> {
  const { metrics, otlpEndpoint } = config.telemetry;
  if (!metrics && !otlpEndpoint) {
    return undefined;
  }
  const { startTelemetry } = await import('./start-telemetry.ts');
  return startTelemetry(config, logger);
}
