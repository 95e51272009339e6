/** The port for Prometheus: GET /metrics and nothing else. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MetricReader } from '@opentelemetry/sdk-metrics';
import { listenErrorOf } from '../server/port/http-port.ts';
import { UnitNamingExporter } from './prometheus-names.ts';

const HEADER_BYTES = 4 * 1024;
const REQUEST_MS = 5_000;
const CONNECTIONS = 20;

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface MetricsPort {
  readonly url: string;
  /** The reader that collects the metrics. */
  readonly reader: MetricReader;
  close(): Promise<void>;
}

/** Port 0 takes any free one. Rejects with ListenError when the port cannot be opened. */
export async function openMetricsPort({ host, port }: Address): Promise<MetricsPort> {
  const reader = new UnitNamingExporter({ preventServerStart: true, withoutScopeInfo: true });
  const limits = { maxHeaderSize: HEADER_BYTES, headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS };
  const server = createServer(limits, (request, response) => {
    if (request.method === 'GET' && request.url === '/metrics') {
      reader.getMetricsRequestHandler(request, response);
    } else {
      response.writeHead(404).end();
    }
  });
  server.maxConnections = CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenErrorOf(error, host, port)));
    server.listen(port, host, resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}/metrics`,
    reader,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
