/** Shortens timeouts that are longer than a timer can run. */
import type { IncomingHttpHeaders } from 'node:http';
import { parseTimeout as parseConnectTimeout } from '@connectrpc/connect/protocol-connect';
import { parseTimeout as parseGrpcTimeout } from '@connectrpc/connect/protocol-grpc';

/** The longest timer of Node, 2^31 - 1 ms; a longer one fires at once. */
const LONGEST_SECONDS = 2_147_483;
export const LONGEST_TIMEOUT_MS = LONGEST_SECONDS * 1000;

const TIMEOUT_HEADERS = [
  { name: 'grpc-timeout', parse: parseGrpcTimeout, longest: `${LONGEST_SECONDS}S` },
  { name: 'connect-timeout-ms', parse: parseConnectTimeout, longest: `${LONGEST_TIMEOUT_MS}` },
];

/** Shortens such a timeout in the request's headers to 24.8 days. */
export function capTimeout(header: Headers): void {
  for (const { name, parse, longest } of TIMEOUT_HEADERS) {
    const { timeoutMs = 0 } = parse(header.get(name), LONGEST_TIMEOUT_MS);
    if (timeoutMs > LONGEST_TIMEOUT_MS) {
      header.set(name, longest);
    }
  }
}

/** The timeout in the headers; undefined when there is none, or none that can be parsed. */
export function readTimeoutMs(headers: IncomingHttpHeaders): number | undefined {
  for (const { name, parse } of TIMEOUT_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string') {
      return parse(value, LONGEST_TIMEOUT_MS).timeoutMs;
    }
  }
  return undefined;
}
