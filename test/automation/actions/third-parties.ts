/** Stand-ins for APIs that workflows call: each refuses a request that the API's documentation does not allow. */
import type { Answering, ReceivedWebhook } from './webhook-receiver.ts';

const json =
  (answer: (webhook: ReceivedWebhook) => readonly [status: number, body: unknown]): Answering =>
  (response, webhook) => {
    const [status, body] = answer(webhook);
    response
      .writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
      .end(JSON.stringify(body));
  };

/** chat.postMessage answers 200 also to what it refuses, with `ok: false`. */
export const slack = (token: string): Answering =>
  json(({ method, path, headers, body }) => {
    if (method !== 'POST' || path !== '/api/chat.postMessage') {
      return [404, { ok: false, error: 'unknown_method' }];
    }
    if (headers.authorization !== `Bearer ${token}`) {
      return [200, { ok: false, error: 'invalid_auth' }];
    }
    if (!/^application\/json; charset=utf-8$/.test(`${headers['content-type']}`)) {
      return [200, { ok: false, error: 'invalid_post_type' }];
    }
    const { channel, text } = JSON.parse(body);
    return typeof channel === 'string' && typeof text === 'string' && text !== ''
      ? [200, { ok: true, channel, ts: '1795168800.000100', message: { text }, token }]
      : [200, { ok: false, error: 'no_text' }];
  });

/** A message is created by a form, with the account and its token as HTTP Basic, and answered 201. */
export const twilio = (accountSid: string, token: string): Answering =>
  json(({ method, path, headers, body }) => {
    if (method !== 'POST' || path !== `/2010-04-01/Accounts/${accountSid}/Messages.json`) {
      return [404, { code: 20404, status: 404 }];
    }
    if (headers.authorization !== `Basic ${Buffer.from(`${accountSid}:${token}`).toString('base64')}`) {
      return [401, { code: 20003, status: 401 }];
    }
    const form = new URLSearchParams(body);
    const isForm = headers['content-type'] === 'application/x-www-form-urlencoded';
    return isForm && /^\+[1-9]\d{6,14}$/.test(`${form.get('To')}`) && form.get('From') && form.get('Body')
      ? [201, { sid: 'SM1', status: 'queued', to: form.get('To'), body: form.get('Body') }]
      : [400, { code: 21211, status: 400 }];
  });

/** Mail is accepted with 202 and an empty body. */
export const sendGrid = (key: string): Answering => {
  const isAddress = (value: unknown) =>
    /^[^@\s]+@[^@\s]+$/.test(String((value as { email?: string })?.email));
  return (response, { method, path, headers, body }) => {
    const { personalizations, from, subject, content } = JSON.parse(body);
    const isAllowed = headers.authorization === `Bearer ${key}`;
    const isRight =
      method === 'POST' &&
      path === '/v3/mail/send' &&
      headers['content-type'] === 'application/json' &&
      personalizations?.[0]?.to?.every(isAddress) &&
      isAddress(from) &&
      typeof subject === 'string' &&
      content?.[0]?.type === 'text/plain' &&
      content[0].value;
    response.writeHead(isAllowed ? (isRight ? 202 : 400) : 401).end();
  };
};
