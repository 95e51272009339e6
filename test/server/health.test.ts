/** grpc.health.v1: Check and Watch, as a load balancer uses them. */
import { Code, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { describe, expect, test } from 'vitest';
import {
  Health,
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../src/gen/health/v1/health_pb.ts';
import { failureOf, startTestServer, type TestServerOptions } from './test-server.ts';

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = ServingStatus;
const USER_SERVICE = 'progression.v1.UserService';

async function startServerWithHealth(options: TestServerOptions = {}) {
  const server = await startTestServer(options);
  const health = createClient(Health, createGrpcTransport({ baseUrl: server.url }));
  const check = async (service = '') => (await health.check({ service })).status;
  return { server, health, check };
}

/** Reads a watch one status at a time. */
function readWatch(responses: AsyncIterable<HealthCheckResponse>) {
  const iterator = responses[Symbol.asyncIterator]();
  return async () => {
    const { done, value } = await iterator.next();
    return done ? 'ended' : (value as HealthCheckResponse).status;
  };
}

describe('Check', () => {
  test.each(['', USER_SERVICE, 'progression.v1.ProgressionService', 'grpc.health.v1.Health'])(
    'says SERVING of "%s"',
    async (service) => {
      const { check } = await startServerWithHealth();
      expect(await check(service)).toBe(SERVING);
    },
  );

  test('says SERVING for liveness, whether the process takes calls or not', async () => {
    const { server, check } = await startServerWithHealth({ isReady: async () => false });
    expect(await check('')).toBe(NOT_SERVING);
    expect(await check('liveness')).toBe(SERVING);
    server.setServing(false);
    expect(await check('liveness')).toBe(SERVING);
  });

  test('does not know other services', async () => {
    const { health } = await startServerWithHealth();
    expect(await failureOf(health.check({ service: 'progression.v1.Users' }))).toMatchObject({
      code: Code.NotFound,
    });
  });

  test('is answered over HTTP/1.1 with JSON too', async () => {
    const { server } = await startServerWithHealth();
    const response = await fetch(`${server.url}/grpc.health.v1.Health/Check`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(await response.json()).toEqual({ status: 'SERVING' });
  });

  test('follows the state of the process', async () => {
    const { server, check } = await startServerWithHealth();
    server.setServing(false);
    expect(await check(USER_SERVICE)).toBe(NOT_SERVING);
    server.setServing(true);
    expect(await check(USER_SERVICE)).toBe(SERVING);
  });

  test('says NOT_SERVING while the process is not ready, and SERVING once it is', async () => {
    let ready = false;
    const { server, check } = await startServerWithHealth({
      isReady: async () => ready,
      limits: { readinessIntervalMs: 10 },
    });
    expect(await check()).toBe(NOT_SERVING);
    server.setServing(true);
    expect(await check()).toBe(NOT_SERVING);
    ready = true;
    await expect.poll(() => check()).toBe(SERVING);
  });
});

test('List names every service', async () => {
  const { health } = await startServerWithHealth();
  const { statuses } = await health.list({});
  expect(Object.keys(statuses).sort()).toEqual([
    '',
    'grpc.health.v1.Health',
    'grpc.reflection.v1.ServerReflection',
    'grpc.reflection.v1alpha.ServerReflection',
    'liveness',
    'progression.v1.ProgramService',
    'progression.v1.ProgressionService',
    USER_SERVICE,
  ]);
  expect(new Set(Object.values(statuses).map(({ status }) => status))).toEqual(new Set([SERVING]));
});

describe('Watch', () => {
  test('tells the status at once, then each change once, and ends when the server drains', async () => {
    const { server, health } = await startServerWithHealth();
    const next = readWatch(health.watch({ service: USER_SERVICE }));
    expect(await next()).toBe(SERVING);
    server.setServing(true);
    server.setServing(false);
    expect(await next()).toBe(NOT_SERVING);
    server.setServing(true);
    expect(await next()).toBe(SERVING);
    const closed = server.close();
    expect(await next()).toBe(NOT_SERVING);
    expect(await next()).toBe('ended');
    await closed;
  });

  test('says SERVICE_UNKNOWN for an unknown service, and stays open', async () => {
    const { server, health } = await startServerWithHealth();
    const next = readWatch(health.watch({ service: 'progression.v1.Users' }));
    expect(await next()).toBe(SERVICE_UNKNOWN);
    server.setServing(false);
    const ended = next();
    await server.close();
    expect(await ended).toBe('ended');
  });

  test('works over HTTP/1.1', async () => {
    const { server } = await startServerWithHealth();
    const transport = createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' });
    const next = readWatch(createClient(Health, transport).watch({}));
    expect(await next()).toBe(SERVING);
    server.setServing(false);
    expect(await next()).toBe(NOT_SERVING);
  });

  test('is not ended by the default deadline of calls', async () => {
    const { server, health } = await startServerWithHealth({ limits: { defaultDeadlineMs: 20 } });
    const next = readWatch(health.watch({}));
    expect(await next()).toBe(SERVING);
    const started = performance.now();
    await expect.poll(() => performance.now() - started).toBeGreaterThan(60);
    server.setServing(false);
    expect(await next()).toBe(NOT_SERVING);
  });
});
