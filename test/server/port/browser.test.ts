/** Calls from a web page of another origin, in a real Chromium: those of the list get through, others do not. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import type { ConnectRouter } from '@connectrpc/connect';
import { describe, expect, onTestFinished, test } from 'vitest';
import { markReplayed } from '../../../src/calls/call-context.ts';
import { DomainError } from '../../../src/errors/domain-error.ts';
import { EventService } from '../../../src/gen/automation/v1/event_service_pb.ts';
import { UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { createAuthority } from '../../support/certificates.ts';
import { openPage, type TestPage } from '../../support/chromium.ts';
import { HAS_CHROMIUM } from '../../support/commands.ts';
import { startTestServer, type TestServerOptions, USER_ID } from '../test-server.ts';
import type { Seen, Target } from './browser-page.ts';

const SCRIPT = join(import.meta.dirname, 'browser-page.ts');
const MISSING_USER_ID = '0198c2a4-6f0c-7c1c-9a58-8d1d6c2d6e13';
const ID = '5f2b6b1e-8d3a-4a53-9c3c-2f4ad1f5b001';
/** Everything that an application may send. */
const METADATA = {
  'x-request-id': ID,
  'idempotency-key': '0198c2a4-7000-7abc-8def-0123456789ab',
  authorization: 'Bearer token',
  'x-account-id': '0198c2a4-6f0c-7c1c-9a58-8d1d6c2d6e14',
  'x-actor': 'coach',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};
const PROTOCOLS = ['connect', 'grpc-web'] as const;

function routes(router: ConnectRouter): void {
  router.service(UserService, {
    getUser({ userId }, context) {
      if (userId === MISSING_USER_ID) {
        throw new DomainError('USER_NOT_FOUND', 'no such user');
      }
      markReplayed(context);
      return { user: { id: userId } };
    },
  });
  router.service(EventService, {
    async *watchEvents() {
      yield { resumeToken: 'first' };
      yield { resumeToken: 'second' };
      throw new DomainError('SHUTTING_DOWN', 'the server ends');
    },
  });
}

async function startServerFor(origins: string[], options: TestServerOptions = {}) {
  return startTestServer({ routes, corsOrigins: origins, ...options });
}

function getUser({ page }: TestPage, target: Target, userId = USER_ID): Promise<Seen> {
  return page.evaluate(`page.getUser(${JSON.stringify(target)}, '${userId}', ${JSON.stringify(METADATA)})`);
}

function watchEvents({ page }: TestPage, target: Target): Promise<Seen> {
  return page.evaluate(`page.watchEvents(${JSON.stringify(target)}, ${JSON.stringify(METADATA)})`);
}

function encryption() {
  const directory = mkdtempSync(join(tmpdir(), 'progression-browser-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const { certificate, key } = createAuthority().issue(['IP:127.0.0.1']);
  const files = { certificateFile: join(directory, 'tls.crt'), keyFile: join(directory, 'tls.key') };
  writeFileSync(files.certificateFile, certificate);
  writeFileSync(files.keyFile, key);
  return { ...files, clientAuthorityFile: '' };
}

/** A port whose connections lead to the other one, and the text that came in on it. */
async function listenBefore(port: number) {
  let text = '';
  const proxy = createServer((socket) => {
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
    });
    const onwards = connect(port, '127.0.0.1');
    pipeline(socket, onwards, socket, () => undefined);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => void proxy.close());
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, received: () => text };
}

describe.skipIf(!HAS_CHROMIUM)('in Chromium', () => {
  test.each([
    ['in clear text, over HTTP/1.1', () => undefined, 'HTTP/1.1'],
    ['encrypted, over HTTP/2', encryption, 'HTTP/2.0'],
  ])('a page of the list calls %s', async (_, tlsOf, version) => {
    const page = await openPage(SCRIPT);
    const { url } = await startServerFor([page.origin], { tls: tlsOf() });
    const versions = new Set<string>();
    page.page.on('response', async (response) => versions.add(await response.httpVersion()));
    for (const protocol of PROTOCOLS) {
      const target = { baseUrl: url, protocol };
      expect(await getUser(page, target), protocol).toEqual({
        messages: [USER_ID],
        callId: ID,
        replayed: 'true',
      });
      expect(await getUser(page, target, MISSING_USER_ID), protocol).toEqual({
        messages: [],
        code: 'NotFound',
        reason: 'USER_NOT_FOUND',
        errorCallId: ID,
      });
      expect(await watchEvents(page, target), protocol).toEqual({
        messages: ['first', 'second'],
        code: 'Unavailable',
        reason: 'SHUTTING_DOWN',
        errorCallId: ID,
      });
    }
    expect([...versions]).toEqual([version]);
  });

  test('a page that calls twice asks once whether it may', async () => {
    const page = await openPage(SCRIPT);
    const server = await startServerFor([page.origin]);
    const { url, received } = await listenBefore(server.port);
    for (const protocol of PROTOCOLS) {
      await getUser(page, { baseUrl: url, protocol });
      await getUser(page, { baseUrl: url, protocol });
    }
    expect(received().match(/OPTIONS \/\S+ HTTP/g)).toHaveLength(1);
    expect(received().match(/POST \/\S+ HTTP/g)).toHaveLength(4);
  });

  test('a refusal for lack of room is read by the page', async () => {
    const page = await openPage(SCRIPT);
    const { url } = await startServerFor([page.origin], { exceededLimit: () => 'concurrentCalls' });
    for (const protocol of PROTOCOLS) {
      const seen = await getUser(page, { baseUrl: url, protocol });
      expect(seen, protocol).toMatchObject({ code: 'Unavailable', reason: 'OVERLOADED', errorCallId: ID });
    }
  });

  test.each([
    ['no list', []],
    ['another origin', ['https://app.example.com']],
  ])('a page cannot call where there is %s', async (_, origins) => {
    const page = await openPage(SCRIPT);
    const { url, logged } = await startServerFor(origins);
    for (const protocol of PROTOCOLS) {
      const seen = await getUser(page, { baseUrl: url, protocol });
      expect(seen, protocol).toMatchObject({ messages: [], code: 'Unknown' });
    }
    expect(logged.filter(({ msg }) => msg === 'call')).toEqual([]);
  });
});
