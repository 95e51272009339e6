/** Sends webhooks: posts a message to an address that was checked, signed by the Standard Webhooks specification. */
import { createHmac } from 'node:crypto';
import type { LookupAddress } from 'node:dns';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Config } from '../../config/config.ts';
import { createHostResolver, type ResolveHost } from './resolve-webhook-host.ts';
import { hostOf, isPublicAddress, refusalOfWebhookUrl } from './webhook-address.ts';

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

/** A message and its target. */
export interface WebhookCall {
  /** The account whose workflow calls. */
  readonly accountId: string;
  /** A URL that refusalOfWebhookUrl refuses gives WEBHOOK_ADDRESS_REFUSED. */
  readonly url: string;
  /** See isWebhookSecret. Each gives a signature; empty: the message is not signed. */
  readonly secrets: readonly string[];
  /** The same for each attempt at one message. */
  readonly id: string;
  /** The time of this attempt, in seconds since 1970. */
  readonly timestampS: number;
  /** JSON. */
  readonly body: string;
}

/** The result of a call. */
export type WebhookAnswer =
  /** 2xx. */
  | { readonly kind: 'ACCEPTED' }
  /** Retryable: a timeout, no answer, or status 408, 425, 429 or 5xx. */
  | {
      readonly kind: 'TRY_AGAIN';
      readonly reason: 'WEBHOOK_TIMEOUT' | 'WEBHOOK_UNREACHABLE' | 'WEBHOOK_UNAVAILABLE';
    }
  /** Any other answer, redirects included; or nothing was sent because the address is not public. */
  | { readonly kind: 'REFUSED'; readonly reason: 'WEBHOOK_REFUSED' | 'WEBHOOK_ADDRESS_REFUSED' };

export interface WebhookPort {
  /** Takes at most `Limits.webhookTimeoutMs`. Never rejects. */
  post(call: WebhookCall): Promise<WebhookAnswer>;
}

const ADDRESS_REFUSED: WebhookAnswer = { kind: 'REFUSED', reason: 'WEBHOOK_ADDRESS_REFUSED' };

/** Each call has its own connection: a kept-alive one would outlive the check of its address. */
export function createWebhookPort(
  { webhooks, limits }: Pick<Config, 'webhooks' | 'limits'>,
  resolveHost: ResolveHost = createHostResolver(limits),
): WebhookPort {
  return {
    async post(call) {
      if (refusalOfWebhookUrl(call.url, webhooks)) {
        return ADDRESS_REFUSED;
      }
      const url = new URL(call.url);
      const signal = AbortSignal.timeout(limits.webhookTimeoutMs);
      try {
        const addresses = await addressesOf(hostOf(url), call.accountId, resolveHost, signal);
        if (!webhooks.allowPrivate && !addresses.every(({ address }) => isPublicAddress(address))) {
          return ADDRESS_REFUSED;
        }
        return answerOf(await send(url, call, addresses, limits.webhookAnswerBytes, signal));
      } catch {
        return { kind: 'TRY_AGAIN', reason: signal.aborted ? 'WEBHOOK_TIMEOUT' : 'WEBHOOK_UNREACHABLE' };
      }
    },
  };
}

/** A query is not cancelled, others may wait for it; the caller stops waiting when its time is up. */
async function addressesOf(
  host: string,
  accountId: string,
  resolveHost: ResolveHost,
  signal: AbortSignal,
): Promise<readonly LookupAddress[]> {
  if (isIP(host) !== 0) {
    return [{ address: host, family: isIP(host) }];
  }
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return Promise.race([resolveHost(host, { accountId, signal }), promise]);
}

/**
 * Returns the status of the answer. The body is read up to the limit, so that the receiver can finish; its
 * length and end do not matter.
 */
function send(
  url: URL,
  call: WebhookCall,
  addresses: readonly LookupAddress[],
  answerBytes: number,
  signal: AbortSignal,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const options: RequestOptions = {
    method: 'POST',
    headers: headersOf(call),
    agent: false,
    lookup: alwaysAnswer(addresses),
    signal,
  };
  let status: number | undefined;
  const settle = (error: unknown) => (status === undefined ? reject(error) : resolve(status));
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (response) => {
    status = response.statusCode;
    let unread = answerBytes;
    response.on('data', (chunk: Buffer) => {
      unread -= chunk.length;
      if (unread < 0) {
        response.destroy();
      }
    });
    response.on('error', settle);
    response.on('close', settle);
  });
  request.on('error', settle);
  request.on('upgrade', (_response, socket) => {
    socket.destroy();
    reject(new Error('The receiver wants to speak another protocol'));
  });
  request.end(call.body);
  return promise;
}

function headersOf(call: WebhookCall): Record<string, string | number> {
  return {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(call.body),
    'user-agent': 'progression-service',
    'webhook-id': call.id,
    'webhook-timestamp': call.timestampS,
    ...(call.secrets.length > 0
      ? { 'webhook-signature': call.secrets.map((secret) => signWebhook(secret, call)).join(' ') }
      : {}),
  };
}

/** Connects to the checked address, whatever the name resolves to by now. */
function alwaysAnswer(addresses: readonly LookupAddress[]): LookupFunction {
  const [first] = addresses;
  return (_host, { all }, callback) => {
    if (all) {
      callback(null, [...addresses]);
    } else {
      callback(first ? null : new Error('The host has no address'), first?.address ?? '', first?.family);
    }
  };
}

function answerOf(status: number): WebhookAnswer {
  if (status >= 200 && status < 300) {
    return { kind: 'ACCEPTED' };
  }
  const isTemporary = status >= 500 || status === 408 || status === 425 || status === 429;
  return isTemporary
    ? { kind: 'TRY_AGAIN', reason: 'WEBHOOK_UNAVAILABLE' }
    : { kind: 'REFUSED', reason: 'WEBHOOK_REFUSED' };
}
