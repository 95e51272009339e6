/** How long callers say that they wait: longer than a timer can wait, they mean "as long as it takes". */
import type { IncomingHttpHeaders } from 'node:http';
import { parseTimeout as parseConnectTimeout } from '@connectrpc/connect/protocol-connect';
import { parseTimeout as parseGrpcTimeout } from '@connectrpc/connect/protocol-grpc';

/** A timer of Node waits 2^31 - 1 ms at most; longer, it does not wait at all. */
const LONGEST_SECONDS = 2_147_483;
export const LONGEST_TIMEOUT_MS = LONGEST_SECONDS * 1000;

const TIMEOUT_HEADERS = [
  { name: 'grpc-timeout', parse: parseGrpcTimeout, longest: `${LONGEST_SECONDS}S` },
  { name: 'connect-timeout-ms', parse: parseConnectTimeout, longest: `${LONGEST_TIMEOUT_MS}` },
];

/** Cuts such a timeout in a request's headers down to the longest that can be kept: 24.8 days. */
export function cutEndlessTimeout(header: Headers): void {
  for (const { name, parse, longest } of TIMEOUT_HEADERS) {
    const { timeoutMs = 0 } = parse(header.get(name), LONGEST_TIMEOUT_MS);
    if (timeoutMs > LONGEST_TIMEOUT_MS) {
      header.set(name, longest);
    }
  }
}

/** What the headers of a request say; undefined: nothing, or nothing that can be read. */
export function timeoutMsIn(headers: IncomingHttpHeaders): number | undefined {
  for (const { name, parse } of TIMEOUT_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string') {
      return parse(value, LONGEST_TIMEOUT_MS).timeoutMs;
    }
  }
  return undefined;
}
