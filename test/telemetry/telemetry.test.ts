/** Telemetry on and off: its configuration, and what happens when the collector does not answer. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/server/logger.ts';
import { ListenError } from '../../src/server/port/http-port.ts';
import { openTelemetry } from '../../src/telemetry/telemetry.ts';
import { runCommand, startCommand, urlIn } from '../support/service-process.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { startObservedService } from './observed-service.ts';

const SILENT = createLogger('silent');

async function takePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test('without a metrics port and an OTLP endpoint, telemetry is off', async () => {
  expect(await openTelemetry(readConfig({}), SILENT)).toBeUndefined();
});

test.each([
  [{ METRICS_PORT: 'x' }, /METRICS_PORT must be a whole number/],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, /OTEL_EXPORTER_OTLP_ENDPOINT must be an address/],
  [{ OTEL_TRACES_SAMPLER_ARG: '1.5' }, /OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1/],
])('%j is refused', (environment, complaint) => {
  expect(() => readConfig(environment)).toThrow(complaint);
});

test('a metrics port that is taken fails with one line', async () => {
  const port = await takePort();
  const opened = openTelemetry(readConfig({ METRICS_PORT: `${port}` }), SILENT);
  await expect(opened).rejects.toThrow(new ListenError(`port ${port} on 127.0.0.1 is taken`));
});

test('the service does not start without its metrics port, and says why', async () => {
  const db = await createTestDatabase();
  onTestFinished(() => db.close());
  const port = await takePort();
  const { code, stderr } = await runCommand(['serve'], { DATABASE_URL: db.url, METRICS_PORT: `${port}` });
  expect({ code, stderr }).toEqual({ code: 1, stderr: `port ${port} on 127.0.0.1 is taken\n` });
});

test.each([
  ['is not there', async () => 1],
  ['never answers', takePort],
])('a collector that %s costs the service one log line and no time', async (_, portOf) => {
  const db = await createTestDatabase();
  onTestFinished(() => db.close());
  const service = startCommand(['serve'], {
    DATABASE_URL: db.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await portOf()}`,
    LOG_LEVEL: 'warn',
  });
  const response = await fetch(`${urlIn(await service.firstLine)}/progression.v1.UserService/ListUsers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect(response.status).toBe(200);
  const stopAtMs = performance.now();
  service.child.kill('SIGTERM');
  const { code, stderr } = await service.ended;
  expect(code).toBe(0);
  expect(stderr).toContain('the last measurements were not taken in time');
  expect(performance.now() - stopAtMs).toBeLessThan(10_000);
});

test('the metrics port serves metrics and nothing else', async () => {
  const telemetry = await openTelemetry(readConfig({ METRICS_PORT: '0' }), SILENT);
  onTestFinished(() => telemetry?.close());
  const url = telemetry?.metricsUrl ?? expect.unreachable();
  expect((await fetch(url)).status).toBe(200);
  expect((await fetch(url, { method: 'POST' })).status).toBe(404);
  expect((await fetch(new URL('/', url))).status).toBe(404);
});

test('metrics can be fetched as long as calls are answered, and not later', async () => {
  const service = await startObservedService();
  expect(await service.scrape()).toMatch(/^process_uptime_seconds /m);
  await service.close();
  await expect(service.scrape()).rejects.toThrow();
});
