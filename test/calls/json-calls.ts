/** Calls with hand-written JSON in every protocol, as from a client without generated code. */
import http2 from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import type { FieldViolation } from '../../src/errors/domain-error.ts';
import { BadRequestSchema, ErrorInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import { StatusSchema } from '../../src/gen/google/rpc/status_pb.ts';

/** How a call ended. */
export interface JsonAnswer {
  /** The name of the status code, such as `invalid_argument`; empty: answered. */
  readonly code: string;
  readonly message: string;
  readonly reason: string;
  readonly violations: readonly FieldViolation[];
  /** The bytes of the headers or trailers that the error came in; 0 where it came in a body. */
  readonly headerBytes: number;
}

/**
 * `method` is `<service>/<method>`, `json` the text of the message; `flags` are those of its frame, if it has one.
 */
export type JsonCall = (
  url: string,
  method: string,
  json: string | Uint8Array,
  headers?: Readonly<Record<string, string>>,
  flags?: number,
) => Promise<JsonAnswer>;

const CODES: Readonly<Record<number, string>> = {
  3: 'invalid_argument',
  8: 'resource_exhausted',
  12: 'unimplemented',
  13: 'internal',
  16: 'unauthenticated',
};

/** The protocols that carry a unary call. */
export const UNARY_JSON: Readonly<Record<string, JsonCall>> = {
  'Connect over HTTP/1.1': async (url, method, json, headers) =>
    answerOfConnect(await post(url, method, json, { 'content-type': 'application/json', ...headers })),
  'Connect over HTTP/2': (url, method, json, headers) =>
    overHttp2(url, method, bytesOf(json), { 'content-type': 'application/json', ...headers }),
  'gRPC with JSON': (url, method, json, headers, flags) =>
    overHttp2(url, method, frame(bytesOf(json), flags), {
      'content-type': 'application/grpc+json',
      te: 'trailers',
      ...headers,
    }),
  'gRPC-Web with JSON': grpcWeb,
};

/** The protocols that carry a call that is answered by a stream. */
export const STREAM_JSON: Readonly<Record<string, JsonCall>> = {
  'Connect stream with JSON': async (url, method, json, headers) => {
    const response = await post(url, method, frame(bytesOf(json)), {
      'content-type': 'application/connect+json',
      ...headers,
    });
    const body = Buffer.from(await response.arrayBuffer());
    const end = framesOf(body).find(({ flags }) => flags === 2);
    return answerOfJson(JSON.parse(`${end?.data}`).error);
  },
  'gRPC with JSON': UNARY_JSON['gRPC with JSON'] as JsonCall,
  'gRPC-Web with JSON': UNARY_JSON['gRPC-Web with JSON'] as JsonCall,
};

/** A Connect GET, which methods without side effects take. */
export const getJson: JsonCall = async (url, method, json) => {
  const query = new URLSearchParams({ connect: 'v1', encoding: 'json', message: `${json}` });
  return answerOfConnect(await fetch(`${url}/${method}?${query}`));
};

/** A message as the streaming protocols frame it. */
function frame(message: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function framesOf(bytes: Buffer): { flags: number; data: Buffer }[] {
  const frames = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 1);
    frames.push({ flags: bytes.readUInt8(at), data: bytes.subarray(at + 5, at + 5 + length) });
    at += 5 + length;
  }
  return frames;
}

function bytesOf(json: string | Uint8Array): Uint8Array {
  return typeof json === 'string' ? Buffer.from(json) : json;
}

function post(url: string, method: string, body: string | Uint8Array, headers: Record<string, string>) {
  return fetch(`${url}/${method}`, { method: 'POST', headers, body: new Uint8Array(bytesOf(body)) });
}

async function answerOfConnect(response: Response): Promise<JsonAnswer> {
  const body = (await response.json()) as ConnectErrorJson;
  return answerOfJson(response.ok ? undefined : body);
}

interface ConnectErrorJson {
  readonly code: string;
  readonly message?: string;
  readonly details?: readonly { readonly type: string; readonly value: string }[];
}

function answerOfJson(error: ConnectErrorJson | undefined): JsonAnswer {
  const bytes = (type: string) => {
    const detail = error?.details?.find((each) => each.type === type);
    return Buffer.from(detail?.value ?? '', 'base64');
  };
  return {
    code: error?.code ?? '',
    message: error?.message ?? '',
    reason: fromBinary(ErrorInfoSchema, bytes('google.rpc.ErrorInfo')).reason,
    violations: fromBinary(BadRequestSchema, bytes('google.rpc.BadRequest')).fieldViolations,
    headerBytes: 0,
  };
}

function answerOfTrailers(trailers: Readonly<Record<string, string | undefined>>): JsonAnswer {
  const number = Number(trailers['grpc-status']);
  const status = fromBinary(StatusSchema, Buffer.from(trailers['grpc-status-details-bin'] ?? '', 'base64'));
  const info = status.details.map((any) => anyUnpack(any, ErrorInfoSchema)).find(Boolean);
  const bad = status.details.map((any) => anyUnpack(any, BadRequestSchema)).find(Boolean);
  const bytes = Object.entries(trailers).map(([name, value]) => name.length + `${value}`.length + 32);
  return {
    code: number === 0 ? '' : (CODES[number] ?? `${number}`),
    message: decodeURIComponent(trailers['grpc-message'] ?? ''),
    reason: info?.reason ?? '',
    violations: bad?.fieldViolations ?? [],
    headerBytes: bytes.reduce((sum, each) => sum + each, 0),
  };
}

async function grpcWeb(
  url: string,
  method: string,
  json: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  flags?: number,
): Promise<JsonAnswer> {
  const response = await post(url, method, frame(bytesOf(json), flags), {
    'content-type': 'application/grpc-web+json',
    ...headers,
  });
  const body = Buffer.from(await response.arrayBuffer());
  const end = framesOf(body).find(({ flags }) => flags === 0x80);
  const lines = `${end?.data}`.split('\r\n').filter((line) => line.includes(':'));
  return answerOfTrailers(
    Object.fromEntries(
      lines.map((line) => [line.split(':', 1)[0], line.slice(line.indexOf(':') + 1).trim()]),
    ),
  );
}

async function overHttp2(
  url: string,
  method: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
): Promise<JsonAnswer> {
  const session = http2.connect(url);
  try {
    const stream = session.request({ ':method': 'POST', ':path': `/${method}`, ...headers });
    const received: Record<string, string> = {};
    const note = (fields: http2.IncomingHttpHeaders) => {
      for (const [name, value] of Object.entries(fields)) {
        received[name] = String(value);
      }
    };
    stream.on('response', note).on('trailers', note);
    stream.end(body);
    const bytes = await buffer(stream);
    if (headers['content-type'] === 'application/json') {
      return answerOfJson(received[':status'] === '200' ? undefined : JSON.parse(`${bytes}`));
    }
    return answerOfTrailers(received);
  } finally {
    session.destroy();
  }
}
