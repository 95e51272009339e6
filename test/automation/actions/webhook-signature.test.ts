/** Signatures of webhooks: against the published example, and which texts are secrets. */
import { describe, expect, test } from 'vitest';
import { isWebhookSecret, signWebhook } from '../../../src/automation/actions/webhook-signature.ts';

test('a message is signed like the published example of Standard Webhooks', () => {
  const message = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestampS: 1_614_265_330,
    body: '{"test": 2432232314}',
  };

  expect(signWebhook('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', message)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

describe('a valid secret is', () => {
  const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

  test.each([24, 25, 26, 64])('one of %i bytes', (bytes) => {
    expect(isWebhookSecret(secretOf(bytes))).toBe(true);
  });

  test.each([
    ['too short', secretOf(23)],
    ['too long', secretOf(65)],
    ['empty', ''],
    ['without its prefix', Buffer.alloc(32, 7).toString('base64')],
    ['no base64', `${secretOf(24).slice(0, -1)}-`],
    ['cut off', secretOf(24).slice(0, -1)],
  ])('not one that is %s', (_what, text) => {
    expect(isWebhookSecret(text)).toBe(false);
  });
});
