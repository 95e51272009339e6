/** Rate limits: by address before authentication, and by account after it. */
import { createContextKey, type Interceptor } from '@connectrpc/connect';
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { principalKey } from '../access/principal.ts';
import { type CallRate, createCallRate } from './call-rate.ts';

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
    count(rate, request.contextValues.get(peerAddressKey) ?? '', 'peerCallsPerSecond', perSecond);
    return next(request);
  };
}

/**
 * Throws RATE_LIMITED, quota `accountCallsPerSecond`. Runs after authentication, so that a caller cannot use
 * up another account's quota.
 */
export function createAccountRateInterceptor(
  limits: Pick<Limits, 'accountCallsPerSecond' | 'countedCallers'>,
): Interceptor {
  const perSecond = limits.accountCallsPerSecond;
  const rate = createCallRate({ perSecond, callers: limits.countedCallers });
  return (next) => (request) => {
    const accountId = request.contextValues.get(principalKey)?.accountId ?? '';
    count(rate, accountId, 'accountCallsPerSecond', perSecond);
    return next(request);
  };
}

function count(rate: CallRate, caller: string, quota: string, perSecond: number): void {
  const retryDelayMs = rate.count(caller);
  if (retryDelayMs > 0) {
    throw new DomainError('RATE_LIMITED', 'too many calls; try again later', {
      metadata: { quota, perSecond: String(perSecond) },
      retryDelayMs,
    });
  }
}
