/** Input made to hurt: what swells, nests, drips or crowds is refused by the contract, and others are served meanwhile. */
import { once } from 'node:events';
import http2 from 'node:http2';
import { connect, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../../src/config/config.ts';
import { postJson, startTestServer, type TestServer, USER_ID } from '../test-server.ts';

const GET_USER = 'progression.v1.UserService/GetUser';
const MIB = 1024 * 1024;

async function expectServing({ url }: TestServer): Promise<void> {
  expect((await postJson(url, GET_USER, { userId: USER_ID })).status).toBe(200);
}

function openHttp2({ host, port }: TestServer): http2.ClientHttp2Session {
  const session = http2.connect(`http://${host}:${port}`);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  return session;
}

/** A gRPC call with bytes of one's own, and the status it ends with. */
async function callGrpc(
  server: TestServer,
  method: string,
  body: Buffer,
  encoding: string,
): Promise<unknown> {
  const stream = openHttp2(server).request({
    ':method': 'POST',
    ':path': `/${method}`,
    'content-type': 'application/grpc+proto',
    'grpc-encoding': encoding,
    te: 'trailers',
  });
  const status = new Promise<unknown>((resolve, reject) => {
    const note = (headers: http2.IncomingHttpHeaders) => {
      if (headers['grpc-status'] !== undefined) {
        resolve(headers['grpc-status']);
      }
    };
    stream.on('response', note).on('trailers', note).on('error', reject);
  });
  stream.end(body);
  void buffer(stream).catch(() => undefined);
  return status;
}

function frameOf(message: Uint8Array, isCompressed: boolean): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(isCompressed ? 1 : 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

describe('a message that decompresses from kilobytes to 100 MiB', () => {
  const large = Buffer.alloc(100 * MIB, ' ');
  const bombs: Record<string, Buffer> = {
    gzip: gzipSync(large, { level: 9 }),
    br: brotliCompressSync(large, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  };

  test.each(Object.keys(bombs))(
    'by %s is refused before it is decompressed to its end, over every protocol',
    async (encoding) => {
      const server = await startTestServer();
      const bomb = bombs[encoding] ?? expect.unreachable();
      expect(bomb.length).toBeLessThan(MIB / 4);
      await expectServing(server);
      const before = process.memoryUsage();

      for (let i = 0; i < 5; i += 1) {
        const response = await fetch(`${server.url}/${GET_USER}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'content-encoding': encoding },
          body: new Uint8Array(bomb),
        });
        expect(response.status).toBe(429);
        expect(await response.json()).toMatchObject({
          code: 'resource_exhausted',
          details: [
            { type: 'google.rpc.ErrorInfo', debug: { reason: 'MESSAGE_TOO_LARGE' } },
            { type: 'google.rpc.RequestInfo' },
          ],
        });
        expect(await callGrpc(server, GET_USER, frameOf(bomb, true), encoding)).toBe('8');
      }

      const after = process.memoryUsage();
      const grownBytes = after.arrayBuffers + after.external - before.arrayBuffers - before.external;
      expect(grownBytes).toBeLessThan(50 * MIB);
      await expectServing(server);
    },
  );
});

describe('a message that nests deeply', () => {
  const DEPTH = 20_000;

  test('in JSON is refused', async () => {
    const server = await startTestServer();
    for (const [open, close] of [
      ['{"a":', '}'],
      ['[', ']'],
    ] as const) {
      const nested = `{"userId":${open.repeat(DEPTH)}1${close.repeat(DEPTH)}}`;
      expect(await postJson(server.url, GET_USER, nested)).toMatchObject({
        status: 400,
        body: { code: 'invalid_argument' },
      });
    }
    await expectServing(server);
  });

  test('in unknown fields of a binary message is refused', async () => {
    const server = await startTestServer();
    // Groups within groups, each of field 100, which no message has.
    const nested = Buffer.from('a306'.repeat(DEPTH) + 'a406'.repeat(DEPTH), 'hex');
    expect(await callGrpc(server, GET_USER, frameOf(nested, false), 'identity')).toBe('3');
    await expectServing(server);
  });
});

describe('headers', () => {
  test('that are many and small are refused over HTTP/2, and the connection goes on', async () => {
    const server = await startTestServer();
    const session = openHttp2(server);
    const many = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`x-${i}`, 'a']));
    const request = (headers: http2.OutgoingHttpHeaders) =>
      session.request({ ':method': 'POST', ':path': `/${GET_USER}`, ...headers });
    const crowded = request(many);
    await expect(once(crowded, 'response')).rejects.toThrow('NGHTTP2_ENHANCE_YOUR_CALM');
    const [response] = await once(request({ 'content-type': 'text/plain' }), 'response');
    expect(response[':status']).toBe(415);
    await expectServing(server);
  });

  test('that are many and small are refused over HTTP/1.1', async () => {
    const server = await startTestServer();
    const lines = Array.from({ length: 2_000 }, (_, i) => `x-${i}: a\r\n`).join('');
    const socket = openSocket(server);
    socket.write(`POST /${GET_USER} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 431 /);
    await expectServing(server);
  });

  test('that never end over HTTP/2 end their connection', async () => {
    const server = await startTestServer();
    const socket = openSocket(server);
    const settings = Buffer.from('000000040000000000', 'hex');
    const open = Buffer.from('00000101000000000182', 'hex');
    const more = Buffer.concat([Buffer.from('004000090000000001', 'hex'), Buffer.alloc(0x4000, 0x82)]);
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings, open]));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    for (let frames = 0; frames < 1_000 && !socket.destroyed; frames += 1) {
      socket.write(more);
      await new Promise(setImmediate);
    }
    await closed;
    await expectServing(server);
  });
});

function openSocket({ port }: TestServer): Socket {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}

describe('a slow sender', () => {
  test.each([
    ['says nothing at all', ''],
    ['does not get through the preface of HTTP/2', 'PRI * HTTP/2.0\r\n'],
  ])('who %s is disconnected', async (_, bytes) => {
    const server = await startTestServer({ limits: { firstBytesMs: 100 } });
    const socket = openSocket(server);
    socket.write(bytes);
    expect(await text(socket)).toBe('');
    await expectServing(server);
  });

  test('whose HTTP/1.1 body comes too slowly is disconnected', async () => {
    const server = await startTestServer({ limits: { maximumDeadlineMs: 300 } });
    const socket = openSocket(server);
    socket.write(
      `POST /${GET_USER} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    );
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 (408|504) /);
    await expectServing(server);
  });
});

describe('connections', () => {
  test.each([
    ['of one address', { connectionsPerPeer: 3 }],
    ['of all addresses', { connections: 3 }],
  ])(
    '%s beyond the limit are closed at once, and a slot is free again when one closes',
    async (_, limits) => {
      const server = await startTestServer({ limits });
      const held = [openSocket(server), openSocket(server), openSocket(server)];
      await Promise.all(held.map((socket) => once(socket, 'connect')));
      expect(await text(openSocket(server)).catch(() => '')).toBe('');

      held[0]?.destroy();
      await expect
        .poll(() =>
          expectServing(server).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
    },
  );

  test('have at most 100 streams at a time', async () => {
    let running = 0;
    let most = 0;
    const server = await startTestServer({
      limits: { defaultDeadlineMs: 300 },
      users: {
        async getUser(_, { signal }) {
          running += 1;
          most = Math.max(most, running);
          await once(signal, 'abort');
          running -= 1;
          return {};
        },
      },
    });
    const session = openHttp2(server);
    await once(session, 'remoteSettings');
    expect(session.remoteSettings.maxConcurrentStreams).toBe(readConfig({}).limits.streamsPerConnection);
    const ended = Array.from({ length: 150 }, () => {
      const stream = session.request({
        ':method': 'POST',
        ':path': `/${GET_USER}`,
        'content-type': 'application/json',
      });
      stream.end(JSON.stringify({ userId: USER_ID }));
      return text(stream);
    });
    await Promise.all(ended);
    expect(most).toBe(100);
  });
});
