/**
 * Heavy calls have a budget of their own, by turns over accounts: they leave connections and processor time to the light
 * calls of all accounts.
 */
import type { Interceptor } from '@connectrpc/connect';
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { createSemaphore, NoSlotError } from '../../flow/semaphore.ts';
import { principalKey } from '../access/principal.ts';
import { wireKey } from '../port/unread-answers.ts';
import { heavyUnitsOf } from './call-weight.ts';

export type HeavyCallLimits = Pick<
  Limits,
  'heavyCallUnits' | 'heavyCallUnitsPerAccount' | 'waitingHeavyCallsPerAccount'
>;

/**
 * A heavy call waits for its units until its deadline, and has them until its caller has read the answer. Throws OVERLOADED
 * when too many of its account wait. Runs inside the call context, whose signal ends the wait.
 */
export function createHeavyCallInterceptor(limits: HeavyCallLimits): Interceptor {
  const semaphore = createSemaphore({
    slots: limits.heavyCallUnits,
    slotsPerKey: limits.heavyCallUnitsPerAccount,
    waitersPerKey: limits.waitingHeavyCallsPerAccount,
  });
  return (next) => async (request) => {
    const weight = request.stream ? 0 : heavyUnitsOf(request.method, request.message);
    if (weight === 0) {
      return next(request);
    }
    const accountId = request.contextValues.get(principalKey)?.accountId ?? '';
    const release = await semaphore.acquire(accountId, { weight, signal: request.signal }).catch(refuse);
    try {
      return await next(request);
    } finally {
      const wire = request.contextValues.get(wireKey);
      if (wire && !wire.closed) {
        wire.once('close', release);
      } else {
        release();
      }
    }
  };
}

function refuse(error: unknown): never {
  throw error instanceof NoSlotError
    ? new DomainError(
        'OVERLOADED',
        'too many large calls of the account wait; try again, or send fewer at once',
        {
          metadata: { limit: 'waitingHeavyCallsPerAccount', most: String(error.most) },
        },
      )
    : error;
}
