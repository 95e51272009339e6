/** Makes an attempt again when the same call may succeed: exponential backoff with jitter, within one timeout. */
import { Code, ConnectError } from '@connectrpc/connect';
import { readErrorDetails } from './errors.js';

export interface RetryPolicy {
  /** Attempts in all; 1 makes none again. */
  readonly attempts: number;
  /** Before the second attempt, in milliseconds; doubled before each further one. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

/** As the service config that is published for gRPC clients. */
export const DEFAULT_RETRIES: RetryPolicy = { attempts: 4, firstDelayMs: 100, longestDelayMs: 2_000 };

export interface AttemptLimits {
  readonly signal: AbortSignal | undefined;
  /** For all attempts together, in milliseconds. */
  readonly timeoutMs: number;
}

/** Runs `attempt` with the time left until its error says that no retry helps, or attempts or time are used up. */
export async function runWithRetries<T>(
  policy: RetryPolicy,
  { signal, timeoutMs }: AttemptLimits,
  attempt: (leftMs: number) => Promise<T>,
): Promise<T> {
  const endAtMs = performance.now() + timeoutMs;
  for (let made = 1; ; made += 1) {
    try {
      return await attempt(Math.max(1, Math.ceil(endAtMs - performance.now())));
    } catch (error) {
      const delayMs = retryDelayMs(error, policy, made);
      const isLast =
        made >= policy.attempts || signal?.aborted || performance.now() + (delayMs ?? 0) > endAtMs;
      if (delayMs === undefined || isLast) {
        throw error;
      }
      await delay(delayMs, signal);
    }
  }
}

/** undefined: the same call will fail again. What the server asks for in RetryInfo is the least delay. */
function retryDelayMs(error: unknown, policy: RetryPolicy, made: number): number | undefined {
  const { retryAfterMs } = readErrorDetails(error);
  if (retryAfterMs === undefined && !isTransient(error)) {
    return undefined;
  }
  return (retryAfterMs ?? 0) + backoffMs(policy, made);
}

/** Full jitter: a random share of the exponential delay, so that calls that failed together do not retry together. */
export function backoffMs({ firstDelayMs, longestDelayMs }: RetryPolicy, made: number): number {
  return Math.random() * Math.min(longestDelayMs, firstDelayMs * 2 ** (made - 1));
}

/** UNAVAILABLE, and failures of the connection: those have various codes, but did not come from the server. */
export function isTransient(error: unknown): boolean {
  return (
    error instanceof ConnectError &&
    (error.code === Code.Unavailable || (!error.isWireError && error.code !== Code.DeadlineExceeded))
  );
}

/** Ends early, without an error, when the signal aborts. */
export function delay(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    signal?.addEventListener('abort', end);
  });
}
