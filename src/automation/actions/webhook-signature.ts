/** Signs webhooks as Standard Webhooks describes, with a secret that both sides know. */
import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';
const LEAST_BYTES = 24;
const MOST_BYTES = 64;

export const WEBHOOK_SECRET_RULE = `must be ${PREFIX} and ${LEAST_BYTES} to ${MOST_BYTES} bytes in base64`;

/** Whether the text is a secret. */
export function isWebhookSecret(text: string): boolean {
  const key = keyOf(text);
  // What does not come back the same was not base64.
  const isBase64 = `${PREFIX}${key.toString('base64')}` === text;
  return isBase64 && key.length >= LEAST_BYTES && key.length <= MOST_BYTES;
}

/** The header `webhook-signature` of a message. */
export function signWebhook(
  secret: string,
  { id, timestampS, body }: { id: string; timestampS: number; body: string },
): string {
  const digest = createHmac('sha256', keyOf(secret)).update(`${id}.${timestampS}.${body}`).digest('base64');
  return `v1,${digest}`;
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(PREFIX.length), 'base64');
}
