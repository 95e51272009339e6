/** One random call in a random encoding, and how it ended. */
import { brotliCompressSync, gzipSync } from 'node:zlib';
import {
  type DescMethod,
  type DescMethodUnary,
  fromBinary,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf';
import { type Code, ConnectError, type Transport } from '@connectrpc/connect';
import { codeFromString } from '@connectrpc/connect/protocol-connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import type { Random } from '../faults/seeded-random.ts';
import { randomMessage } from './random-message.ts';

export interface FuzzedCall {
  readonly method: DescMethod;
  readonly encoding: string;
  /** The request, as JSON or in hexadecimal digits. */
  readonly request: string;
  /** undefined: the call succeeded. */
  readonly code: Code | undefined;
  /** The answer in JSON, when there is one. */
  readonly answer: string;
}

const TIMEOUT_MS = 10_000;
const STREAM_MS = 30;

/** The encodings of a whole message, and those of a damaged one. */
const DAMAGED = [
  'JSON with a changed byte',
  'JSON cut short',
  'binary with a changed byte',
  'gzip cut short',
  'brotli cut short',
];

export function createFuzzer(baseUrl: string, methods: readonly DescMethod[]) {
  const transports: Readonly<Record<string, Transport>> = {
    gRPC: createGrpcTransport({ baseUrl }),
    'gRPC-Web': createGrpcWebTransport({ baseUrl, httpVersion: '2' }),
    Connect: createConnectTransport({ baseUrl, httpVersion: '2' }),
    'Connect with JSON': createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: false }),
  };
  const encodings = [...Object.keys(transports), ...DAMAGED];

  /** `known` are texts that the service gave out. */
  return async (random: Random, known: readonly string[]): Promise<FuzzedCall> => {
    const method = random.pick(methods);
    const message = randomMessage(method.input, random, known);
    const headers = headersOf(random);
    const binary = toBinary(method.input, message);
    const picked = random.pick(encodings);
    const encoding = picked === 'Connect with JSON' && !jsonOf(method, binary) ? 'Connect' : picked;
    const transport = transports[encoding];
    if (!transport || !isUnary(method)) {
      const { request, code } = await sendDamaged(baseUrl, method, encoding, binary, headers, random);
      return { method, encoding, request, code, answer: '' };
    }
    const request = Buffer.from(binary).toString('hex');
    try {
      const { message: answer } = await transport.unary(method, undefined, TIMEOUT_MS, headers, message);
      return { method, encoding, request, code: undefined, answer: toJsonString(method.output, answer) };
    } catch (error) {
      return { method, encoding, request, code: ConnectError.from(error).code, answer: '' };
    }
  };
}

function headersOf(random: Random): Record<string, string> {
  return {
    'idempotency-key': random.next() < 0.95 ? random.uuid() : 'no UUID',
    ...(random.next() < 0.05 ? { 'x-account-id': random.pick(['', 'x', random.uuid()]) } : {}),
    ...(random.next() < 0.05 ? { 'x-actor': random.pick(['\u00e9', 'a'.repeat(300), 'coach']) } : {}),
  };
}

/** Sends bytes by Connect that are, perhaps, no message; a stream is left soon. */
async function sendDamaged(
  baseUrl: string,
  method: DescMethod,
  encoding: string,
  binary: Uint8Array,
  headers: Record<string, string>,
  random: Random,
) {
  const isStream = method.methodKind !== 'unary';
  const isBinary = encoding.startsWith('binary') || isStream;
  const whole = isBinary ? Buffer.from(binary) : Buffer.from(jsonOf(method, binary) ?? '{"a":1}');
  const damaged = isStream ? framed(whole) : damage(encoding, whole, random);
  const compression = { gzip: 'gzip', brotli: 'br' }[encoding.split(' ')[0] ?? ''];
  const response = await fetch(`${baseUrl}/${method.parent.typeName}/${method.name}`, {
    method: 'POST',
    headers: {
      'content-type': `application/${isStream ? 'connect+' : ''}${isBinary ? 'proto' : 'json'}`,
      ...(compression && !isStream ? { 'content-encoding': compression } : {}),
      ...headers,
    },
    body: new Uint8Array(damaged),
    signal: AbortSignal.timeout(isStream ? STREAM_MS : TIMEOUT_MS),
  }).catch(() => undefined);
  const text = isStream ? '' : await response?.text();
  const isError = response?.headers.get('content-type') === 'application/json' && response.status !== 200;
  const code = isError ? codeFromString(JSON.parse(text ?? '{}').code) : undefined;
  return { request: damaged.toString('hex'), code };
}

/** undefined: only binary can say the message, such as a time in the year 300,000. */
function jsonOf(method: DescMethod, binary: Uint8Array): string | undefined {
  try {
    return toJsonString(method.input, fromBinary(method.input, binary));
  } catch {
    return undefined;
  }
}

function damage(encoding: string, whole: Buffer, random: Random): Buffer {
  const at = random.between(0, Math.max(0, whole.length - 1));
  if (encoding.endsWith('changed byte')) {
    const changed = Buffer.from(whole);
    changed.fill(random.between(0, 255), at, Math.min(at + 1, changed.length));
    return changed;
  }
  const packed = encoding.startsWith('gzip')
    ? gzipSync(whole)
    : encoding.startsWith('brotli')
      ? brotliCompressSync(whole)
      : whole;
  return packed.subarray(0, random.between(0, packed.length));
}

/** One message of a stream. */
function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === 'unary';
}
