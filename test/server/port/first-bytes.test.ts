/** Which HTTP a connection speaks, however its first bytes arrive. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { detectHttpVersion, type HttpVersion } from '../../../src/server/port/first-bytes.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** A connected pair: the client's end, the server's end, and what the server's end was detected to be. */
async function connectPair(timeoutMs = 60_000) {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true });
  const [served] = (await once(server, 'connection')) as [Socket];
  served.on('error', () => {});
  client.on('error', () => {});
  const versions: HttpVersion[] = [];
  const detected = new Promise<HttpVersion>((resolve) => {
    detectHttpVersion(served, timeoutMs, (version) => {
      versions.push(version);
      resolve(version);
    });
  });
  onTestFinished(() => {
    client.destroy();
    served.destroy();
    server.close();
  });
  return { client, served, detected, versions };
}

/** Sends a piece and waits until the other end has seen it. */
async function sendPiece(client: Socket, served: Socket, piece: string): Promise<void> {
  const read = served.bytesRead + piece.length;
  client.write(piece);
  await expect.poll(() => served.bytesRead, { interval: 1 }).toBe(read);
}

test('the preface of HTTP/2, in one piece, is HTTP/2, and can be read again', async () => {
  const { client, served, detected } = await connectPair();
  client.end(`${PREFACE}and more`);
  expect(await detected).toBe('http2');
  expect(await text(served)).toBe(`${PREFACE}and more`);
});

test('a request line is HTTP/1.1, and can be read again', async () => {
  const { client, served, detected } = await connectPair();
  client.end('POST /x HTTP/1.1\r\n\r\n');
  expect(await detected).toBe('http1');
  expect(await text(served)).toBe('POST /x HTTP/1.1\r\n\r\n');
});

test('the preface byte by byte is HTTP/2, and not before its last byte', async () => {
  const { client, served, detected, versions } = await connectPair();
  for (const byte of PREFACE.slice(0, -1)) {
    await sendPiece(client, served, byte);
    expect(versions).toEqual([]);
  }
  client.end(PREFACE.slice(-1));
  expect(await detected).toBe('http2');
  expect(await text(served)).toBe(PREFACE);
});

test('a method that begins like the preface is HTTP/1.1 from the first byte that differs', async () => {
  const { client, served, detected } = await connectPair();
  await sendPiece(client, served, 'PR');
  client.end('OPFIND / HTTP/1.1\r\n\r\n');
  expect(await detected).toBe('http1');
  expect(await text(served)).toBe('PROPFIND / HTTP/1.1\r\n\r\n');
});

test.each([
  ['nothing', ''],
  ['half a preface', PREFACE.slice(0, 10)],
])('a peer that sends %s and then stays silent is cut off after the time limit', async (_, bytes) => {
  const { client, versions } = await connectPair(50);
  client.write(bytes);
  await once(client, 'close');
  expect(versions).toEqual([]);
});

test('a peer that closes before its protocol is known is disconnected at once', async () => {
  const { client, served, versions } = await connectPair();
  client.end(PREFACE.slice(0, 3));
  await once(served, 'close');
  expect(versions).toEqual([]);
});

test('a connection that is reset before its protocol is known does not affect others', async () => {
  const { client, served, versions } = await connectPair();
  const closed = new Promise((resolve) => served.on('close', resolve));
  client.resetAndDestroy();
  await closed;
  expect(versions).toEqual([]);
});
