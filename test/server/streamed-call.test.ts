/** Calls that are answered by a stream: one line each in the log, when they end, whichever way. */
import { setTimeout as delay } from 'node:timers/promises';
import { Code, ConnectError, createClient, type ServiceImpl } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { callContextOf } from '../../src/call-context.ts';
import { DomainError } from '../../src/domain-error.ts';
import { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import { failureOf, startTestServer, TRANSPORTS } from './test-server.ts';

type Watch = ServiceImpl<typeof EventService>['watchEvents'];

async function startWatched(watchEvents: Watch) {
  const server = await startTestServer({ routes: (router) => router.service(EventService, { watchEvents }) });
  const clientOver = (name: string) =>
    createClient(EventService, (TRANSPORTS[name] as (url: string) => never)(server.url));
  return { server, clientOver };
}

async function readAll(client: ReturnType<Awaited<ReturnType<typeof startWatched>>['clientOver']>) {
  const tokens: string[] = [];
  for await (const { resumeToken } of client.watchEvents({})) {
    tokens.push(resumeToken);
  }
  return tokens;
}

const METHOD = 'automation.v1.EventService/WatchEvents';
const GRPC = 'gRPC over HTTP/2';

describe.each(Object.keys(TRANSPORTS))('over %s', (name) => {
  test('every message arrives, and the call is logged when the last one has', async () => {
    const gate = Promise.withResolvers<void>();
    const { server, clientOver } = await startWatched(async function* () {
      yield { resumeToken: 'a' };
      await gate.promise;
      yield { resumeToken: 'b' };
    });
    const reading = readAll(clientOver(name));
    await delay(50);
    expect(server.logged.filter(({ method }) => method === METHOD)).toEqual([]);
    gate.resolve();
    expect(await reading).toEqual(['a', 'b']);
    await expect
      .poll(() => server.logged)
      .toContainEqual(expect.objectContaining({ method: METHOD, code: 'OK' }));
  });

  test('a refusal in between has its reason', async () => {
    const { server, clientOver } = await startWatched(async function* () {
      yield { resumeToken: 'a' };
      throw new DomainError('SHUTTING_DOWN', 'the server ends');
    });
    expect(await failureOf(readAll(clientOver(name)))).toMatchObject({
      code: Code.Unavailable,
      reason: 'SHUTTING_DOWN',
      message: 'the server ends',
    });
    const line = { method: METHOD, code: 'Unavailable', reason: 'SHUTTING_DOWN', msg: 'call refused' };
    await expect.poll(() => server.logged).toContainEqual(expect.objectContaining(line));
  });

  test('so has one before the first message', async () => {
    const { clientOver } = await startWatched(async function* () {
      yield* [];
      throw new DomainError('OVERLOADED', 'too many');
    });
    expect(await failureOf(readAll(clientOver(name)))).toMatchObject({ reason: 'OVERLOADED' });
  });
});

test('a defect in between is told to nobody but the log', async () => {
  const { server, clientOver } = await startWatched(async function* () {
    yield { resumeToken: 'a' };
    throw new Error('secret');
  });
  expect(await failureOf(readAll(clientOver(GRPC)))).toMatchObject({
    code: Code.Internal,
    reason: 'INTERNAL',
    message: 'internal error',
  });
  const line = expect.objectContaining({ method: METHOD, msg: 'call failed' });
  await expect.poll(() => server.logged).toContainEqual(line);
  expect(JSON.stringify(server.logged.find(({ msg }) => msg === 'call failed'))).toContain('secret');
});

test('a reader who leaves ends the work, and the log says so', async () => {
  const ended = Promise.withResolvers<unknown>();
  const { server, clientOver } = await startWatched(async function* (_, context) {
    const { signal } = callContextOf(context);
    signal.addEventListener('abort', () => ended.resolve(signal.reason));
    yield { resumeToken: 'a' };
    await ended.promise;
    signal.throwIfAborted();
  });
  const leaving = new AbortController();
  const reading = (async () => {
    for await (const _ of clientOver(GRPC).watchEvents({}, { signal: leaving.signal })) {
      leaving.abort();
    }
  })();
  await expect(reading.catch((error) => ConnectError.from(error).code)).resolves.toBe(Code.Canceled);
  expect(await ended.promise).toMatchObject({ reason: 'CANCELLED' });
  const line = expect.objectContaining({ method: METHOD, code: 'Canceled', reason: 'CANCELLED' });
  await expect.poll(() => server.logged).toContainEqual(line);
});

test("the call's context is that of any other call, but for its end", async () => {
  const contexts: unknown[] = [];
  const { clientOver } = await startWatched(async function* (_, context) {
    contexts.push(callContextOf(context));
    yield {};
  });
  const headers = { 'x-actor': 'reader@test', 'x-request-id': 'whatever' };
  for await (const _ of clientOver(GRPC).watchEvents({}, { headers })) {
    expect(contexts).toHaveLength(1);
  }
  expect(contexts[0]).toMatchObject({ actor: 'reader@test', actorKind: 'COACH', requestId: undefined });
  const { deadlineAtMs } = contexts[0] as { deadlineAtMs: number };
  expect(deadlineAtMs - performance.now()).toBeGreaterThan(59 * 60_000);
});
