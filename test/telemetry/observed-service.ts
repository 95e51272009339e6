/** The whole service with its log, its metrics port and an OTLP collector. */
import { v7 as uuidv7 } from 'uuid';
import { onTestFinished } from 'vitest';
import { startService } from '../../src/commands/start-service.ts';
import { readConfig } from '../../src/config/config.ts';
import { readBacklog } from '../../src/events/read-backlog.ts';
import { createLogger } from '../../src/server/logger.ts';
import type { Database } from '../../src/store/database.ts';
import { openTelemetry } from '../../src/telemetry/telemetry.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { type OtlpCollector, startCollector } from './otlp-collector.ts';

export interface ObservedService {
  readonly url: string;
  readonly database: Database;
  readonly collector: OtlpCollector;
  /** The log lines so far, as they were written. */
  readonly logged: readonly string[];
  /** What Prometheus would fetch now. */
  scrape(): Promise<string>;
  /** A unary call in JSON under a request ID of its own; its status and whatever it answers. */
  call(
    method: string,
    message: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; text: string }>;
  /** Stops the service and sends what is left to the collector. */
  close(): Promise<void>;
}

/** With a database of its own, until the test ends. `environment` adds to its configuration. */
export async function startObservedService(
  environment: Record<string, string> = {},
): Promise<ObservedService> {
  const db = await createTestDatabase();
  onTestFinished(() => db.close());
  const collector = await startCollector();
  const logged: string[] = [];
  const logger = createLogger('debug', { write: (line) => logged.push(line) });
  const config = readConfig({
    PORT: '0',
    METRICS_PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    ...environment,
  });
  const telemetry = await openTelemetry(config, logger);
  if (!telemetry?.metricsUrl) {
    throw new TypeError('the telemetry that was configured is not there');
  }
  const { metricsUrl } = telemetry;
  telemetry.observePool(() => db.database.poolUse());
  telemetry.observeBacklog(() => readBacklog(db.database, { isRelayed: true }));
  const server = await startService(config, db.database, logger, telemetry);
  let closed: Promise<void> | undefined;
  const close = async () => {
    await server.close();
    await telemetry.close();
  };
  onTestFinished(() => {
    closed ??= close();
    return closed;
  });
  return {
    url: server.url,
    database: db.database,
    collector,
    logged,
    scrape: async () => (await fetch(metricsUrl)).text(),
    async call(method, message, headers = {}) {
      const response = await fetch(`${server.url}/${method}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': uuidv7(), ...headers },
        body: typeof message === 'string' ? message : JSON.stringify(message),
      });
      return { status: response.status, text: await response.text() };
    },
    close() {
      closed ??= close();
      return closed;
    },
  };
}
