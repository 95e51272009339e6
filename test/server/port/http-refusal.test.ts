/** Calls that HTTP brings to no method, and messages that arrive damaged: the caller reads why. */
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DomainError } from '../../../src/errors/domain-error.ts';
import { UNARY_JSON } from '../../calls/json-calls.ts';
import { startTestServer, USER_ID } from '../test-server.ts';

const USERS = 'progression.v1.UserService';

async function send(url: string, init: RequestInit) {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
}

/** What the body of such a refusal says. */
function refusal(reason: string, message: string) {
  const details = [
    expect.objectContaining({ type: 'google.rpc.ErrorInfo', debug: expect.objectContaining({ reason }) }),
    expect.objectContaining({ type: 'google.rpc.RequestInfo' }),
  ];
  return expect.objectContaining({ message, details });
}

describe('a call', () => {
  test('without a content type is told to send one', async () => {
    const { url } = await startTestServer();
    const body = new Blob([JSON.stringify({ userId: USER_ID })]);
    const answer = await send(`${url}/${USERS}/GetUser`, { method: 'POST', body });
    expect(answer.status).toBe(415);
    expect(answer.body).toEqual(
      refusal(
        'VALIDATION_FAILED',
        'the header content-type is missing, which says how the message is written: send application/json or ' +
          'application/proto, or as gRPC application/grpc or application/grpc-web',
      ),
    );
  });

  test('with the content type of a form is told the allowed ones', async () => {
    const { url } = await startTestServer();
    const body = new URLSearchParams({ userId: USER_ID });
    const answer = await send(`${url}/${USERS}/GetUser`, { method: 'POST', body });
    expect(answer.status).toBe(415);
    expect(answer.body.message).toBe(
      'the content-type "application/x-www-form-urlencoded;charse…" is not served: send application/json or ' +
        'application/proto, or as gRPC application/grpc or application/grpc-web',
    );
  });

  test('by GET to a method that changes something is told to POST', async () => {
    const { url } = await startTestServer();
    const answer = await send(`${url}/${USERS}/CreateUser?encoding=json&message={}`, {});
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST');
    expect(answer.body).toEqual(refusal('UNIMPLEMENTED', 'CreateUser is called with POST, not with "GET"'));
  });

  test('by GET without an encoding is told what the query needs', async () => {
    const { url } = await startTestServer();
    const answer = await send(`${url}/${USERS}/GetUser?message={}`, {});
    expect(answer.status).toBe(415);
    expect(answer.body.message).toBe(
      'the query must say encoding=json or encoding=proto, and message=… with the request in it',
    );
  });

  test('by GET with a message that is no base64 is the caller’s mistake', async () => {
    const { url } = await startTestServer();
    const answer = await send(`${url}/${USERS}/GetUser?encoding=json&base64=1&message=e3!`, {});
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual(
      refusal(
        'VALIDATION_FAILED',
        'message in the query must be base64, in either alphabet, where the query says base64=1',
      ),
    );
  });
});

const MESSAGE = Buffer.from(JSON.stringify({ userId: USER_ID, padding: 'x'.repeat(2000) }));
const CUT = { gzip: gzipSync(MESSAGE).subarray(0, -12), br: brotliCompressSync(MESSAGE).subarray(0, -6) };
const HEADER_OF: Readonly<Record<string, string>> = {
  'Connect over HTTP/1.1': 'content-encoding',
  'Connect over HTTP/2': 'content-encoding',
  'gRPC with JSON': 'grpc-encoding',
  'gRPC-Web with JSON': 'grpc-encoding',
};

describe.each(Object.keys(CUT) as (keyof typeof CUT)[])('a message in %s that was cut short', (encoding) => {
  test.each(Object.entries(HEADER_OF))('is the caller’s mistake: %s', async (protocol, header) => {
    const server = await startTestServer({
      authenticate: async () => {
        throw new DomainError('UNAUTHENTICATED', 'no token');
      },
    });
    const call = UNARY_JSON[protocol] ?? expect.unreachable();
    const answer = await call(server.url, `${USERS}/GetUser`, CUT[encoding], { [header]: encoding }, 1);
    expect(answer).toMatchObject({
      code: 'invalid_argument',
      reason: 'VALIDATION_FAILED',
      message: `the message cannot be decompressed: it is damaged, cut short, or not ${encoding}`,
    });
    expect(server.logged).toEqual([expect.objectContaining({ level: 30, reason: 'VALIDATION_FAILED' })]);
  });
});

test('a message that says it is compressed, and not how, is the caller’s mistake', async () => {
  const { url } = await startTestServer();
  const call = UNARY_JSON['gRPC with JSON'] ?? expect.unreachable();
  expect(await call(url, `${USERS}/GetUser`, gzipSync(MESSAGE), {}, 1)).toMatchObject({
    code: 'invalid_argument',
    reason: 'VALIDATION_FAILED',
  });
});

test('trailers stay below 6 KiB for every request', async () => {
  const { url } = await startTestServer();
  const call = UNARY_JSON['gRPC with JSON'] ?? expect.unreachable();
  const hostile = Object.fromEntries(
    Array.from({ length: 1000 }, (_, i) => [`“${i}%\u0000${'é'.repeat(50)}`, { deep: ['€'.repeat(200)] }]),
  );
  const answer = await call(url, `${USERS}/GetUser`, JSON.stringify(hostile));
  expect(answer).toMatchObject({ code: 'invalid_argument', reason: 'VALIDATION_FAILED' });
  expect(answer.headerBytes).toBeLessThan(6 * 1024);
  expect(answer.message).toMatch(/; and 99\d more$/);
  expect(answer.violations.length).toBeGreaterThan(5);
});
