/** Webhooks over real connections: what is sent, what each answer means, and what is never connected to. */
import { createHmac } from 'node:crypto';
import type { LookupAddress } from 'node:dns';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createWebhookPort, type WebhookCall } from '../../../src/automation/actions/webhook-port.ts';
import { type Limits, readConfig } from '../../../src/config/config.ts';
import { createAuthority } from '../../support/certificates.ts';
import { type Answering, startReceiver, type WebhookReceiver, withStatus } from './webhook-receiver.ts';

const KEY = Buffer.from('0123456789abcdef0123456789abcdef');
const CALL: WebhookCall = {
  accountId: 'account',
  url: '',
  secrets: [`whsec_${KEY.toString('base64')}`],
  id: '5f1d9a4e-6a52-5d0b-9d47-0d5f3ad8b1a1',
  timestampS: 1_795_168_120,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ type: 'workflow.step', data: { name: 'Żaneta' } }),
};

const receivers: WebhookReceiver[] = [];
afterEach(async () => {
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
});

async function receiver(answer?: Answering, options?: Parameters<typeof startReceiver>[1]) {
  const started = await startReceiver(answer, options);
  receivers.push(started);
  return started;
}

function portOf({
  allowHttp = true,
  allowPrivate = true,
  limits = {},
  resolveHost,
}: {
  allowHttp?: boolean;
  allowPrivate?: boolean;
  limits?: Partial<Limits>;
  resolveHost?: (host: string) => Promise<LookupAddress[]>;
} = {}) {
  const config = readConfig({});
  return createWebhookPort(
    { webhooks: { allowHttp, allowPrivate }, limits: { ...config.limits, ...limits } },
    resolveHost,
  );
}

describe('a webhook', () => {
  test('is the unchanged body, with its id, its time and a signature over the three', async () => {
    const { url, received } = await receiver();

    expect(await portOf().post({ ...CALL, url: `${url}/hooks?of=coach` })).toMatchObject({
      kind: 'ACCEPTED',
    });

    const [webhook] = received;
    expect(received).toHaveLength(1);
    expect(webhook?.path).toBe('/hooks?of=coach');
    expect(webhook?.body).toBe(CALL.body);
    const { headers } = webhook ?? expect.unreachable();
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': CALL.id,
      'webhook-timestamp': '1795168120',
    });
    const expected = createHmac('sha256', KEY)
      .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`)
      .update(Buffer.from(CALL.body, 'utf8'))
      .digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
  });

  test('has no signature without a secret', async () => {
    const { url, received } = await receiver();

    await portOf().post({ ...CALL, url, secrets: [] });

    expect(received[0]?.headers).not.toHaveProperty('webhook-signature');
  });
});

describe('the result of an answer with status', () => {
  test.each([200, 201, 202, 204, 299])('%i: accepted', async (status) => {
    const { url } = await receiver(withStatus(status));

    expect(await portOf().post({ ...CALL, url })).toMatchObject({ kind: 'ACCEPTED' });
  });

  test.each([408, 425, 429, 500, 502, 503, 599])('%i: try again', async (status) => {
    const { url } = await receiver(withStatus(status));

    expect(await portOf().post({ ...CALL, url })).toEqual({
      kind: 'TRY_AGAIN',
      reason: 'WEBHOOK_UNAVAILABLE',
      detail: `the answer was ${status}`,
    });
  });

  test.each([300, 304, 400, 401, 404, 410, 422, 499])('%i: refused', async (status) => {
    const { url } = await receiver(withStatus(status));

    expect(await portOf().post({ ...CALL, url })).toEqual({
      kind: 'REFUSED',
      reason: 'WEBHOOK_REFUSED',
      detail: expect.stringContaining(`${status}`),
    });
  });

  test.each([301, 302, 303, 307, 308])('%i: refused, and the redirect is not followed', async (status) => {
    const target = await receiver();
    const { url } = await receiver(withStatus(status, { location: target.url }));

    expect(await portOf().post({ ...CALL, url })).toEqual({
      kind: 'REFUSED',
      reason: 'WEBHOOK_REFUSED',
      detail: `the answer was ${status}, a redirect, which is not followed`,
    });
    expect(target.received).toEqual([]);
  });

  test('another protocol: try again', async () => {
    const { url } = await receiver((response) => {
      response.writeHead(101, { connection: 'upgrade', upgrade: 'websocket' }).end();
    });

    expect(await portOf().post({ ...CALL, url })).toMatchObject({ kind: 'TRY_AGAIN' });
  });
});

describe('no answer: try again', () => {
  test('when no process listens', async () => {
    const { url, close } = await startReceiver();
    await close();

    expect(await portOf().post({ ...CALL, url })).toEqual({
      kind: 'TRY_AGAIN',
      reason: 'WEBHOOK_UNREACHABLE',
      detail: 'no connection: ECONNREFUSED',
    });
  });

  test('when the host has no address', async () => {
    const resolveHost = () => Promise.reject(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }));

    expect(await portOf({ resolveHost }).post({ ...CALL, url: 'http://hooks.example/' })).toEqual({
      kind: 'TRY_AGAIN',
      reason: 'WEBHOOK_UNREACHABLE',
      detail: 'no connection: ENOTFOUND',
    });
  });

  test('when the connection ends without one', async () => {
    const { url } = await receiver((response) => {
      response.socket?.destroy();
    });

    expect(await portOf().post({ ...CALL, url })).toEqual({
      kind: 'TRY_AGAIN',
      reason: 'WEBHOOK_UNREACHABLE',
      detail: 'no connection: ECONNRESET',
    });
  });

  test('when the receiver takes too long', async () => {
    const { url } = await receiver(() => undefined);

    expect(await portOf({ limits: { webhookTimeoutMs: 50 } }).post({ ...CALL, url })).toEqual({
      kind: 'TRY_AGAIN',
      reason: 'WEBHOOK_TIMEOUT',
      detail: 'no answer within 50 ms',
    });
  });

  test('when resolving the host takes too long', async () => {
    const port = portOf({
      limits: { webhookTimeoutMs: 50 },
      resolveHost: () => new Promise(() => undefined),
    });

    expect(await port.post({ ...CALL, url: 'http://hooks.example/' })).toEqual({
      kind: 'TRY_AGAIN',
      reason: 'WEBHOOK_TIMEOUT',
      detail: 'no answer within 50 ms',
    });
  });
});

describe('the body of an answer', () => {
  test('is not read beyond the limit', async () => {
    const cut = Promise.withResolvers<number>();
    const { url } = await receiver((response) => {
      const chunk = Buffer.alloc(64 * 1024);
      let sent = 0;
      response.writeHead(200);
      response.on('close', () => cut.resolve(sent));
      (function send() {
        if (!response.destroyed) {
          sent += chunk.length;
          response.write(chunk, send);
        }
      })();
    });

    expect(await portOf({ limits: { webhookAnswerBytes: 1024 } }).post({ ...CALL, url })).toMatchObject({
      kind: 'ACCEPTED',
    });
    expect(await cut.promise).toBeLessThan(20 * 1024 * 1024);
  });

  test('is not awaited beyond the timeout, and the status counts', async () => {
    const { url } = await receiver((response) => {
      response.writeHead(410).write('gone, because');
    });

    expect(await portOf({ limits: { webhookTimeoutMs: 1_000 } }).post({ ...CALL, url })).toEqual({
      kind: 'REFUSED',
      reason: 'WEBHOOK_REFUSED',
      detail: 'the answer was 410',
    });
  });

  test('may be incomplete', async () => {
    const { url } = await receiver((response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setImmediate(() => response.socket?.destroy());
    });

    expect(await portOf().post({ ...CALL, url })).toMatchObject({ kind: 'ACCEPTED' });
  });
});

describe('the service does not connect to', () => {
  const REFUSED = {
    kind: 'REFUSED',
    reason: 'WEBHOOK_ADDRESS_REFUSED',
    detail: expect.stringMatching(/^call_webhook\.url: (.*not public|must be an https URL)$/),
  };

  test.each(['127.0.0.1', '127.1', '2130706433', '[::ffff:127.0.0.1]', '[::1]', 'localhost'])(
    'a loopback address, as %s',
    async (host) => {
      const { port, received } = await receiver();

      expect(await portOf({ allowPrivate: false }).post({ ...CALL, url: `http://${host}:${port}/` })).toEqual(
        REFUSED,
      );
      expect(received).toEqual([]);
    },
  );

  test.each([
    '127.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '10.0.0.1',
    '169.254.169.254',
    'fe80::1',
  ])('a host that resolves to %s, also together with a public address', async (address) => {
    const family = address.includes(':') ? 6 : 4;
    const resolveHost = async () => [
      { address: '93.184.215.14', family: 4 },
      { address, family },
    ];

    expect(
      await portOf({ allowPrivate: false, resolveHost }).post({ ...CALL, url: 'http://hooks.example/' }),
    ).toEqual(REFUSED);
  });

  test('a receiver without TLS, unless the server allows it', async () => {
    const { url, received } = await receiver();

    expect(await portOf({ allowHttp: false }).post({ ...CALL, url })).toEqual(REFUSED);
    expect(received).toEqual([]);
  });

  test('an address to which the host resolves only after the check', async () => {
    const right = await receiver(undefined, { host: '127.0.0.1' });
    const resolveHost = vi
      .fn<(host: string) => Promise<LookupAddress[]>>()
      .mockResolvedValueOnce([{ address: '127.0.0.1', family: 4 }])
      .mockResolvedValue([{ address: '127.0.0.2', family: 4 }]);

    // The system cannot resolve the name, so only the checked address can be connected to.
    const url = `http://hooks.invalid:${right.port}/`;
    expect(await portOf({ resolveHost }).post({ ...CALL, url })).toMatchObject({ kind: 'ACCEPTED' });

    expect(resolveHost).toHaveBeenCalledTimes(1);
    expect(right.received[0]?.headers.host).toBe(`hooks.invalid:${right.port}`);
  });
});

describe('TLS', () => {
  const authority = createAuthority();

  test('a receiver is verified by the authority and the name in its certificate', async () => {
    const { port, received } = await receiver(undefined, {
      certificate: authority.issue(['DNS:hooks.invalid']),
    });
    const resolveHost = async () => [{ address: '127.0.0.1', family: 4 }];
    const known = getCACertificates();
    setDefaultCACertificates([...known, authority.certificate]);
    try {
      const secure = portOf({ allowHttp: false, resolveHost });
      expect(await secure.post({ ...CALL, url: `https://hooks.invalid:${port}/` })).toMatchObject({
        kind: 'ACCEPTED',
      });
      expect(await secure.post({ ...CALL, url: `https://other.invalid:${port}/` })).toEqual({
        kind: 'TRY_AGAIN',
        reason: 'WEBHOOK_UNREACHABLE',
        detail: 'no connection: ERR_TLS_CERT_ALTNAME_INVALID',
      });
    } finally {
      setDefaultCACertificates(known);
    }
    expect(received).toHaveLength(1);
  });

  test('one with a certificate of an unknown authority gets nothing', async () => {
    const { url, received } = await receiver(undefined, { certificate: authority.issue(['IP:127.0.0.1']) });

    expect(await portOf().post({ ...CALL, url })).toEqual({
      kind: 'TRY_AGAIN',
      reason: 'WEBHOOK_UNREACHABLE',
      detail: expect.stringMatching(/^no connection: [A-Z_]+$/),
    });
    expect(received).toEqual([]);
  });
});
