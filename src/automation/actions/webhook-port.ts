/** Sends webhooks: posts a message to an address that was checked, and says what came of it. */
import type { LookupAddress } from 'node:dns';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Config } from '../../config/config.ts';
import { traced } from '../../flow/traced.ts';
import { createHostResolver, type ResolveHost } from './resolve-webhook-host.ts';
import { hostOf, isPublicAddress, refusalOfWebhookUrl } from './webhook-address.ts';
import { signWebhook } from './webhook-signature.ts';

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
  /** Upper case; absent: POST. */
  readonly method?: string;
  /** By name in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Empty: none. */
  readonly body: string;
  /** The statuses that are accepted; absent: 200 to 299. */
  readonly successStatuses?: readonly number[];
}

/** The result of a call. A `detail` says why it failed, without anything of the URL or the answer, which may have secrets. */
export type WebhookAnswer =
  /** 2xx, or one of `successStatuses`. */
  | { readonly kind: 'ACCEPTED'; readonly received?: ReceivedAnswer }
  /** Retryable: a timeout, no answer, or status 408, 425, 429 or 5xx. */
  | {
      readonly kind: 'TRY_AGAIN';
      readonly reason: 'WEBHOOK_TIMEOUT' | 'WEBHOOK_UNREACHABLE' | 'WEBHOOK_UNAVAILABLE';
      readonly detail?: string;
    }
  /** Any other answer, redirects included; or nothing was sent because the address is not public. */
  | {
      readonly kind: 'REFUSED';
      readonly reason: 'WEBHOOK_REFUSED' | 'WEBHOOK_ADDRESS_REFUSED';
      readonly detail?: string;
    };

/** What of an answer can be kept. */
export interface ReceivedAnswer {
  readonly status: number;
  /** undefined: it was too large, or ended early. */
  readonly content: WebhookContent | undefined;
}

/** The body of an answer. */
export interface WebhookContent {
  /** The header `content-type`. */
  readonly type: string;
  readonly text: string;
}

export interface WebhookPort {
  /** Takes at most `Limits.webhookTimeoutMs`. Never rejects. */
  post(call: WebhookCall): Promise<WebhookAnswer>;
}

/** An answer, and its status when one came. */
interface Sent {
  readonly status?: number;
  readonly answer: WebhookAnswer;
}

function refuseAddress(detail: string): Sent {
  return { answer: { kind: 'REFUSED', reason: 'WEBHOOK_ADDRESS_REFUSED', detail } };
}

/** Each call has its own connection: a kept-alive one would outlive the check of its address. */
export function createWebhookPort(
  { webhooks, limits }: Pick<Config, 'webhooks' | 'limits'>,
  resolveHost: ResolveHost = createHostResolver(limits),
): WebhookPort {
  return {
    post: (call) => tracePost(call, () => post(call)),
  };

  async function post(call: WebhookCall): Promise<Sent> {
    const refusal = refusalOfWebhookUrl(call.url, webhooks);
    if (refusal) {
      return refuseAddress(`call_webhook.url: ${refusal}`);
    }
    const url = new URL(call.url);
    const signal = AbortSignal.timeout(limits.webhookTimeoutMs);
    try {
      const addresses = await addressesOf(hostOf(url), call.accountId, resolveHost, signal);
      if (!webhooks.allowPrivate && !addresses.every(({ address }) => isPublicAddress(address))) {
        return refuseAddress('call_webhook.url: the host has an address that is not public');
      }
      const received = await send(url, call, addresses, limits, signal);
      return { status: received.status, answer: answerOf(call, received) };
    } catch (error) {
      return { answer: { kind: 'TRY_AGAIN', ...failureOf(error, signal, limits) } };
    }
  }
}

function failureOf(
  error: unknown,
  { aborted }: AbortSignal,
  { webhookTimeoutMs }: Pick<Config['limits'], 'webhookTimeoutMs'>,
) {
  if (aborted) {
    return { reason: 'WEBHOOK_TIMEOUT', detail: `no answer within ${webhookTimeoutMs} ms` } as const;
  }
  // The message of the error has the address; its code, such as ECONNREFUSED or CERT_HAS_EXPIRED, has not.
  const { code } = error as NodeJS.ErrnoException;
  const detail = code ? `no connection: ${code}` : 'the connection ended without an answer';
  return { reason: 'WEBHOOK_UNREACHABLE', detail } as const;
}

/**
 * By OpenTelemetry's conventions for HTTP, without the address: templates can put names and secrets into it. The step around
 * the call says which one it is.
 */
function tracePost({ method = 'POST' }: WebhookCall, post: () => Promise<Sent>): Promise<WebhookAnswer> {
  const describe = () => ({
    ...({ name: method, kind: 'CALL', isRoot: false } as const),
    attributes: { 'http.request.method': method },
  });
  return traced(describe, async (attributes) => {
    const { status, answer } = await post();
    if (status !== undefined) {
      attributes['http.response.status_code'] = status;
    }
    if (answer.kind !== 'ACCEPTED') {
      attributes['error.type'] = answer.reason;
    }
    return answer;
  });
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
 * Returns the status of the answer, and its body if it is complete and of at most `keptAnswerBytes`. More is read up to
 * `webhookAnswerBytes`, so that the receiver can finish.
 */
function send(
  url: URL,
  call: WebhookCall,
  addresses: readonly LookupAddress[],
  { webhookAnswerBytes, keptAnswerBytes }: Config['limits'],
  signal: AbortSignal,
): Promise<ReceivedAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ReceivedAnswer>();
  const options: RequestOptions = {
    method: call.method ?? 'POST',
    headers: headersOf(call),
    agent: false,
    lookup: alwaysAnswer(addresses),
    signal,
  };
  let received: ReceivedAnswer | undefined;
  const settle = (error: unknown) => (received ? resolve(received) : reject(error));
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (response) => {
    const status = response.statusCode ?? 0;
    received = { status, content: undefined };
    const chunks: Buffer[] = [];
    let read = 0;
    response.on('data', (chunk: Buffer) => {
      read += chunk.length;
      if (read <= keptAnswerBytes) {
        chunks.push(chunk);
      } else if (read > webhookAnswerBytes) {
        response.destroy();
      }
    });
    response.on('end', () => {
      const type = response.headers['content-type'] ?? '';
      const content = { type, text: Buffer.concat(chunks).toString() };
      received = { status, content: read <= keptAnswerBytes ? content : undefined };
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
    'user-agent': 'progression-service',
    ...call.headers,
    ...(call.body === '' ? {} : { 'content-length': Buffer.byteLength(call.body) }),
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

export function answerOf({ successStatuses }: WebhookCall, received: ReceivedAnswer): WebhookAnswer {
  const { status } = received;
  const isSuccess = successStatuses?.includes(status) ?? (status >= 200 && status < 300);
  if (isSuccess) {
    return { kind: 'ACCEPTED', received };
  }
  const isTemporary = status >= 500 || status === 408 || status === 425 || status === 429;
  if (isTemporary) {
    return { kind: 'TRY_AGAIN', reason: 'WEBHOOK_UNAVAILABLE', detail: `the answer was ${status}` };
  }
  const redirected = status >= 300 && status < 400 ? ', a redirect, which is not followed' : '';
  return { kind: 'REFUSED', reason: 'WEBHOOK_REFUSED', detail: `the answer was ${status}${redirected}` };
}
