/**
 * Lets pages of other origins call the API from a browser: only those of the list, and only what the protocols and this
 * API use (https://fetch.spec.whatwg.org/#http-cors-protocol). Cookies are never asked for.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { cors } from '@connectrpc/connect';
import type { Limits } from '../../config/config.ts';

/** Metadata of this API that a page may send, and that it may read. */
const SENT = ['authorization', 'idempotency-key', 'x-request-id', 'x-account-id', 'x-actor', 'traceparent'];
const READ = ['x-request-id', 'idempotency-replayed'];

const METHODS = cors.allowedMethods.join(', ');
const SENT_HEADERS = [...cors.allowedHeaders, ...SENT].join(', ');
const READ_HEADERS = [...cors.exposedHeaders, ...READ].join(', ');

/** Headers of every answer to a call, independent of its content. */
export type AnswerHeaders = Readonly<Record<string, string>>;

export interface Cors {
  /** The headers of an answer to a request with these headers; none of them permits what the list does not. */
  headersFor(headers: IncomingHttpHeaders): AnswerHeaders;
  /** The further headers of the answer to a preflight; undefined when the request is none, or from elsewhere. */
  preflightFor(method: string | undefined, headers: IncomingHttpHeaders): AnswerHeaders | undefined;
}

/** An empty list: no page of another origin reads an answer. */
export function createCors(origins: readonly string[], limits: Pick<Limits, 'preflightCacheMs'>): Cors {
  const allowed = new Set(origins);
  const isAllowed = ({ origin }: IncomingHttpHeaders) => origin !== undefined && allowed.has(origin);
  // Caches must not give the answer for one origin to another.
  const varying = { vary: 'origin' };
  const preflight = {
    'access-control-allow-methods': METHODS,
    'access-control-allow-headers': SENT_HEADERS,
    'access-control-max-age': String(Math.floor(limits.preflightCacheMs / 1000)),
  };
  return {
    headersFor(headers) {
      if (allowed.size === 0) {
        return {};
      }
      return isAllowed(headers)
        ? {
            ...varying,
            'access-control-allow-origin': `${headers.origin}`,
            'access-control-expose-headers': READ_HEADERS,
          }
        : varying;
    },
    preflightFor(method, headers) {
      const isPreflight = method === 'OPTIONS' && 'access-control-request-method' in headers;
      return isPreflight && isAllowed(headers) ? preflight : undefined;
    },
  };
}
