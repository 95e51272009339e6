/** The encrypted port: every protocol, nothing older than TLS 1.2, and certificates that change while it serves. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { create } from '@bufbuild/protobuf';
import { createClient, type Transport } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Limits } from '../../../src/config/config.ts';
import { GetUserRequestSchema, UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { type Certificate, createAuthority } from '../../support/certificates.ts';
import { callGrpcJs, startTestServer, USER_ID } from '../test-server.ts';

const GET_USER = '/progression.v1.UserService/GetUser';
const NAMES = ['DNS:localhost', 'IP:127.0.0.1'];
const authority = createAuthority();
const first = authority.issue(NAMES);
const second = authority.issue(NAMES);

/** A server whose files a test can change. */
async function startTlsServer(limits: Partial<Limits> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'progression-tls-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const tls = {
    certificateFile: join(directory, 'tls.crt'),
    keyFile: join(directory, 'tls.key'),
    clientAuthorityFile: '',
  };
  function write({ certificate, key }: Certificate): void {
    writeFileSync(tls.certificateFile, certificate);
    writeFileSync(tls.keyFile, key);
  }
  write(first);
  const server = await startTestServer({ tls, limits: { tlsReloadMs: 20, ...limits } });
  return { server, tls, write };
}

async function shakeHands(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, ca: authority.certificate, ...options });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** The certificate that a new connection is shown, in PEM without its frame. */
async function shownBy(port: number): Promise<string> {
  const socket = await shakeHands(port);
  const shown = socket.getPeerCertificate().raw.toString('base64');
  socket.destroy();
  return shown;
}

const bodyOf = ({ certificate }: Certificate) => certificate.replace(/-----.*?-----|\n/g, '');

describe('an encrypted port', () => {
  const nodeOptions = { ca: authority.certificate };
  test.each<[string, (baseUrl: string) => Transport]>([
    ['gRPC', (baseUrl) => createGrpcTransport({ baseUrl, nodeOptions })],
    [
      'gRPC-Web over HTTP/1.1',
      (baseUrl) => createGrpcWebTransport({ baseUrl, nodeOptions, httpVersion: '1.1' }),
    ],
    ['Connect over HTTP/2', (baseUrl) => createConnectTransport({ baseUrl, nodeOptions, httpVersion: '2' })],
    [
      'Connect over HTTP/1.1',
      (baseUrl) => createConnectTransport({ baseUrl, nodeOptions, httpVersion: '1.1' }),
    ],
  ])('answers %s', async (_, createTransport) => {
    const { server } = await startTlsServer();
    expect(server.url).toMatch(/^https:/);
    const users = createClient(UserService, createTransport(server.url));
    expect((await users.getUser({ userId: USER_ID })).user?.id).toBe(USER_ID);
  });

  test('answers grpc-js', async () => {
    const { server } = await startTlsServer();
    const trust = credentials.createSsl(Buffer.from(authority.certificate));
    const client = new Client(`${server.host}:${server.port}`, trust);
    onTestFinished(() => client.close());
    const request = create(GetUserRequestSchema, { userId: USER_ID });
    const answer = await callGrpcJs(client, UserService.method.getUser, request, new Metadata());
    expect(answer.user?.id).toBe(USER_ID);
  });

  test.each([
    [['h2', 'http/1.1'], 'h2'],
    [['http/1.1'], 'http/1.1'],
  ])('agrees with a client that offers %j on %s', async (ALPNProtocols, chosen) => {
    const { server } = await startTlsServer();
    const socket = await shakeHands(server.port, { ALPNProtocols });
    expect(socket.alpnProtocol).toBe(chosen);
  });

  test('refuses TLS 1.1 and clear text, and goes on', async () => {
    const { server } = await startTlsServer();
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
    await expect(shakeHands(server.port, old)).rejects.toThrow(/protocol version|handshake failure/i);
    await expect(fetch(`http://127.0.0.1:${server.port}/`)).rejects.toThrow();
    expect((await shakeHands(server.port)).getProtocol()).toBe('TLSv1.3');
  });
});

test('a peer that disconnects during its handshake holds no connection', async () => {
  const { server } = await startTlsServer();
  const socket = connect({ host: '127.0.0.1', port: server.port, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.resume();
  socket.end(Buffer.from('160301', 'hex'));
  await once(socket, 'close');
});

test('a handshake that ends after the server began to drain does not delay the drain', async () => {
  const { server } = await startTlsServer();
  const socket = connect({ host: '127.0.0.1', port: server.port });
  await once(socket, 'connect');
  // A later connection shows that this one was accepted.
  await shownBy(server.port);
  const beganAtMs = performance.now();
  const closing = server.close();
  const session = connectHttp2(server.url, {
    createConnection: () => connectTls({ socket, ca: authority.certificate, ALPNProtocols: ['h2'] }),
  });
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  await closing;
  expect(performance.now() - beganAtMs).toBeLessThan(8_000);
});

describe('a certificate that changes', () => {
  test('is used for new connections, and existing ones go on', async () => {
    const { server, write } = await startTlsServer();
    const session = connectHttp2(server.url, { ca: authority.certificate });
    session.on('error', () => {});
    onTestFinished(() => session.destroy());
    await once(session, 'connect');
    expect(await shownBy(server.port)).toBe(bodyOf(first));

    write(second);
    await expect.poll(() => shownBy(server.port)).toBe(bodyOf(second));

    const stream = session.request({ ':path': '/nothing' });
    const [answer] = await once(stream, 'response');
    expect(answer).toMatchObject({ ':status': 404 });
    expect(server.logged).toEqual([
      expect.objectContaining({ level: 30, msg: 'the certificate was loaded again' }),
    ]);
  });

  test.each<[string, Certificate]>([
    ['is no certificate', { certificate: 'broken', key: first.key }],
    ['does not go with its key', { certificate: second.certificate, key: first.key }],
  ])('and %s is not used: the old one stays, with one line in the log', async (_, broken) => {
    const { server, write } = await startTlsServer();
    write(broken);
    const problems = () => server.logged.filter(({ level }) => level === 50);
    await expect.poll(problems).toHaveLength(1);
    expect(await shownBy(server.port)).toBe(bodyOf(first));

    write(second);
    await expect.poll(() => shownBy(server.port)).toBe(bodyOf(second));
    expect(problems()).toEqual([
      expect.objectContaining({ msg: 'the new certificate cannot be used; the old one stays' }),
    ]);
    expect(JSON.stringify(server.logged)).not.toContain('PRIVATE KEY');
  });

  test('and is missing for a while is not used: the old one stays', async () => {
    const { server, tls, write } = await startTlsServer();
    rmSync(tls.keyFile);
    await expect.poll(() => server.logged).toHaveLength(1);
    expect(await shownBy(server.port)).toBe(bodyOf(first));
    write(second);
    await expect.poll(() => shownBy(server.port)).toBe(bodyOf(second));
  });
});

test('an old encrypted connection is told to go away, and serves the call that is under way', async () => {
  const { server } = await startTlsServer({ connectionAgeMs: 50 });
  const session = connectHttp2(server.url, { ca: authority.certificate });
  onTestFinished(() => session.destroy());
  const call = session.request({ ':method': 'POST', ':path': GET_USER, 'content-type': 'application/json' });
  const [code] = await once(session, 'goaway');
  expect(code).toBe(0);
  call.end(JSON.stringify({ userId: USER_ID }));
  expect(JSON.parse(await text(call))).toEqual({ user: { id: USER_ID } });
});
