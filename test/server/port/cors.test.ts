/** What the port answers to pages of other origins, whichever browser asks. */
import { once } from 'node:events';
import http2 from 'node:http2';
import { cors } from '@connectrpc/connect';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../../src/config/config.ts';
import { startTestServer } from '../test-server.ts';

const ORIGIN = 'https://app.example.com';
const PATH = '/progression.v1.UserService/GetUser';
const PREFLIGHT = {
  origin: ORIGIN,
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'content-type,idempotency-key',
};

type Answer = { readonly status: number; readonly headers: Readonly<Record<string, unknown>> };

async function overHttp1(url: string, method: string, headers: Record<string, string>): Promise<Answer> {
  const { status, headers: received } = await fetch(`${url}${PATH}`, { method, headers });
  return { status, headers: Object.fromEntries(received.entries()) };
}

async function overHttp2(url: string, method: string, headers: Record<string, string>): Promise<Answer> {
  const session = http2.connect(url);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ':method': method, ':path': PATH, ...headers });
  const [received] = await once(stream.end(), 'response');
  return { status: received[':status'], headers: received };
}

describe.each([
  ['HTTP/1.1', overHttp1],
  ['HTTP/2', overHttp2],
])('over %s', (_, ask) => {
  test('a preflight of an origin of the list is answered, to be remembered for 2 h', async () => {
    const { url, logged } = await startTestServer({ corsOrigins: ['http://localhost:3000', ORIGIN] });
    const { status, headers } = await ask(url, 'OPTIONS', PREFLIGHT);
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-methods': 'POST, GET',
      'access-control-max-age': '7200',
      vary: 'origin',
    });
    const sent = `${headers['access-control-allow-headers']}`.toLowerCase().split(', ');
    expect(sent).toEqual(
      expect.arrayContaining([
        ...cors.allowedHeaders.map((name) => name.toLowerCase()),
        'authorization',
        'idempotency-key',
        'x-request-id',
        'x-account-id',
        'x-actor',
      ]),
    );
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
    expect(logged).toEqual([]);
  });

  test('an answer may be read by the page that asked, and by no other from a cache', async () => {
    const { url } = await startTestServer({ corsOrigins: [ORIGIN] });
    const headers = { origin: ORIGIN, 'content-type': 'text/plain' };
    for (const method of ['POST', 'OPTIONS', 'GET']) {
      const answer = await ask(url, method, headers);
      expect(answer.headers, method).toMatchObject({ 'access-control-allow-origin': ORIGIN, vary: 'origin' });
      expect(answer.headers['access-control-expose-headers'], method).toMatch(/grpc-status.*x-request-id/i);
    }
  });

  test.each([
    ['another origin', { corsOrigins: ['https://other.example.com'] }],
    ['the same name with another port', { corsOrigins: [`${ORIGIN}:8443`] }],
    ['a longer name', { corsOrigins: [`${ORIGIN}.evil.example`] }],
    ['no list', {}],
  ])('%s is told nothing that a browser takes for permission', async (_, options) => {
    const { url } = await startTestServer(options);
    for (const [method, headers] of [
      ['OPTIONS', PREFLIGHT],
      ['POST', { origin: ORIGIN, 'content-type': 'application/json' }],
    ] as const) {
      const answer = await ask(url, method, headers);
      const permitting = Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'));
      expect(permitting).toEqual([]);
      expect(answer.status).not.toBe(204);
    }
  });
});

describe('CORS_ORIGINS', () => {
  test('lists origins', () => {
    expect(readConfig({}).corsOrigins).toEqual([]);
    const list = 'https://app.example.com, http://localhost:3000,http://[::1]:8081,https://app.example.com';
    expect(readConfig({ CORS_ORIGINS: list }).corsOrigins).toEqual([
      'https://app.example.com',
      'http://localhost:3000',
      'http://[::1]:8081',
    ]);
  });

  test.each([
    ['*', '"*" is none'],
    ['https://*.example.com', '"https://*.example.com" is none'],
    ['null', '"null" is none'],
    ['app.example.com', '"app.example.com" is none'],
    ['ftp://app.example.com', '"ftp://app.example.com" is none'],
    [`${ORIGIN},`, '"" is none'],
    [`${ORIGIN}/`, `"${ORIGIN}/" is none; did you mean "${ORIGIN}"?`],
    [`${ORIGIN}/app`, `"${ORIGIN}/app" is none; did you mean "${ORIGIN}"?`],
    [`${ORIGIN}:443`, `"${ORIGIN}:443" is none; did you mean "${ORIGIN}"?`],
    ['HTTPS://App.Example.com', `"HTTPS://App.Example.com" is none; did you mean "${ORIGIN}"?`],
    ['https://user@app.example.com', `"https://user@app.example.com" is none; did you mean "${ORIGIN}"?`],
  ])('refuses %s', (list, message) => {
    expect(() => readConfig({ CORS_ORIGINS: list })).toThrow(
      `CORS_ORIGINS must list whole origins, separated by commas, such as https://app.example.com: ${message}`,
    );
  });
});
