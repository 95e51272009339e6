/** gRPC calls made by hand on two servers, one with the fast path and one without, and all that comes back. */
import { once } from 'node:events';
import http2 from 'node:http2';
import { onTestFinished } from 'vitest';
import { startTestServer, type TestServer, type TestServerOptions } from '../test-server.ts';

export const GET_USER = '/progression.v1.UserService/GetUser';
const CALL_ID = '0198c2a4-0000-7000-8000-0000000000ff';

export interface ServerPair {
  readonly fast: TestServer;
  readonly connect: TestServer;
}

export async function startBoth(options: TestServerOptions): Promise<ServerPair> {
  const [fast, connect] = await Promise.all(
    [true, false].map((grpcFastPath) => startTestServer({ ...options, grpcFastPath })),
  );
  return { fast, connect } as ServerPair;
}

/** All that a caller can see of a call, without what differs from call to call. */
export interface RawAnswer {
  readonly headers: Record<string, unknown>;
  readonly data: string;
  readonly trailers: Record<string, unknown>;
  /** The code with which the stream ended. */
  readonly rstCode: number;
}

export interface RawCall {
  readonly stream: http2.ClientHttp2Stream;
  readonly session: http2.ClientHttp2Session;
  /** Resolves when the stream is closed. */
  readonly answer: Promise<RawAnswer>;
}

export function openSession(
  server: TestServer,
  options?: http2.ClientSessionOptions,
): http2.ClientHttp2Session {
  const session = http2.connect(server.url, options);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  return session;
}

/** Opens a call without a body yet. */
export function openCall(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders = {},
): RawCall {
  const stream = session.request({
    ':method': 'POST',
    ':path': GET_USER,
    'content-type': 'application/grpc',
    'x-request-id': CALL_ID,
    te: 'trailers',
    ...headers,
  });
  return { stream, session, answer: collect(stream) };
}

async function collect(stream: http2.ClientHttp2Stream): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  let headers: Record<string, unknown> = {};
  let trailers: Record<string, unknown> = {};
  stream.on('response', ({ date: _, ...its }) => {
    headers = { ...its };
  });
  stream.on('trailers', (its) => {
    trailers = { ...its };
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => {});
  await once(stream, 'close');
  return { headers, data: Buffer.concat(chunks).toString('hex'), trailers, rstCode: stream.rstCode ?? -1 };
}

/** What a server logged about calls, without times and process. */
export function callLines({ logged }: TestServer): Record<string, unknown>[] {
  return logged
    .filter(({ method }) => method !== undefined)
    .map(({ time: _, durationMs: __, pid: ___, traceId: ____, ...line }) => line);
}

/** gRPC's frame. */
export function frameOf(message: Uint8Array, flags = 0): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt8(flags);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

/** Writes each part as a DATA frame of its own, and ends the stream. */
export async function sendParts(
  stream: http2.ClientHttp2Stream,
  parts: readonly Uint8Array[],
): Promise<void> {
  for (const part of parts) {
    await new Promise<void>((resolve) => stream.write(part, () => resolve()));
  }
  stream.end();
}
