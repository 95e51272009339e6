/** Rate limits, a token bucket for each caller: by address before authentication, and by account after it. */
import { createContextKey, type Interceptor } from '@connectrpc/connect';
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { principalKey } from '../access/principal.ts';
import { callsIn } from './call-weight.ts';

interface CallRate {
  /**
   * Counts a call that stands for `calls`. Returns 0 when it is admitted, else the milliseconds until a retry can succeed.
   * One that stands for more than the burst is admitted after a pause, and its rest is counted against later calls.
   */
  count(caller: string, calls?: number): number;
}

export interface CallRateLimits {
  /** 0: no limit. */
  readonly perSecond: number;
  /** The number of callers that are remembered. */
  readonly callers: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** The burst of a caller that has been idle, in seconds of its rate. */
const BURST_SECONDS = 2;

/** `nowMs` is a monotonic clock. */
export function createCallRate(
  { perSecond, callers }: CallRateLimits,
  nowMs: () => number = () => performance.now(),
): CallRate {
  const most = perSecond * BURST_SECONDS;
  /** Moves the caller to the end, so that iteration starts at the caller that has been idle longest. */
  const buckets = new Map<string, Bucket>();

  function bucketOf(caller: string): Bucket {
    const atMs = nowMs();
    const known = buckets.get(caller);
    buckets.delete(caller);
    const refill = known ? ((atMs - known.atMs) * perSecond) / 1000 : 0;
    const bucket = { tokens: Math.min(most, (known?.tokens ?? most) + refill), atMs };
    buckets.set(caller, bucket);
    forgetQuietest();
    return bucket;
  }
  function forgetQuietest(): void {
    const [quietest] = buckets.keys();
    if (quietest !== undefined && buckets.size > callers) {
      buckets.delete(quietest);
    }
  }
  return {
    count(caller, calls = 1) {
      if (perSecond === 0) {
        return 0;
      }
      const bucket = bucketOf(caller);
      const needed = Math.min(calls, most);
      if (bucket.tokens >= needed) {
        bucket.tokens -= calls;
        return 0;
      }
      return Math.ceil(((needed - bucket.tokens) * 1000) / perSecond);
    },
  };
}

/** The peer's address; undefined when the connection has closed. Set by the listener. */
export const peerAddressKey = createContextKey<string | undefined>(undefined, {
  description: 'the address of the caller',
});

/**
 * Throws RATE_LIMITED, quota `peerCallsPerSecond`. Runs before authentication, so that guessing credentials
 * is limited.
 */
export function createPeerRateInterceptor(
  limits: Pick<Limits, 'peerCallsPerSecond' | 'countedCallers'>,
): Interceptor {
  const perSecond = limits.peerCallsPerSecond;
  const rate = createCallRate({ perSecond, callers: limits.countedCallers });
  return (next) => (request) => {
    const peer = request.contextValues.get(peerAddressKey) ?? '';
    count(rate, peer, 1, { quota: 'peerCallsPerSecond', perSecond });
    return next(request);
  };
}

/**
 * Throws RATE_LIMITED, quota `accountCallsPerSecond`; a batch counts as what it holds. Runs after authentication, so that
 * a caller cannot use up another account's quota.
 */
export function createAccountRateInterceptor(
  limits: Pick<Limits, 'accountCallsPerSecond' | 'countedCallers'>,
): Interceptor {
  const perSecond = limits.accountCallsPerSecond;
  const rate = createCallRate({ perSecond, callers: limits.countedCallers });
  return (next) => (request) => {
    const accountId = request.contextValues.get(principalKey)?.accountId ?? '';
    const calls = request.stream ? 1 : callsIn(request.method, request.message);
    count(rate, accountId, calls, { quota: 'accountCallsPerSecond', perSecond });
    return next(request);
  };
}

function count(
  rate: CallRate,
  caller: string,
  calls: number,
  { quota, perSecond }: { readonly quota: string; readonly perSecond: number },
): void {
  const retryDelayMs = rate.count(caller, calls);
  if (retryDelayMs > 0) {
    throw new DomainError('RATE_LIMITED', 'too many calls; try again later', {
      metadata: { quota, perSecond: String(perSecond) },
      retryDelayMs,
    });
  }
}
