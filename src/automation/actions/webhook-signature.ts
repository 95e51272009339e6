/** Signs webhooks by the Standard Webhooks specification. */
import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';
const LEAST_BYTES = 24;
const MOST_BYTES = 64;

export const WEBHOOK_SECRET_RULE = `must be ${PREFIX} and ${LEAST_BYTES} to ${MOST_BYTES} bytes in base64`;

/** Whether the text is a valid secret. */
export function isWebhookSecret(text: string): boolean {
  const key = keyOf(text);
  // Base64 that does not round-trip is invalid.
  const isBase64 = `${PREFIX}${key.toString('base64')}` === text;
  return isBase64 && key.length >= LEAST_BYTES && key.length <= MOST_BYTES;
}

/** A signature in the header `webhook-signature`; there, blanks separate several. */
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
