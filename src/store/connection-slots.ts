/**
 * Slots for database connections: transactions wait for one with turns over accounts, a timeout and a limit
 * on waiters.
 */
import { DomainError } from '../errors/domain-error.ts';
import type { Release } from '../flow/keyed-limiter.ts';
import { createSemaphore, NoSlotError } from '../flow/semaphore.ts';
import type { TransactionLimits } from './enter-account.ts';

export interface ConnectionSlotLimits {
  readonly connections: number;
  /** The timeout of opening a connection, in milliseconds. */
  readonly connectionWaitMs: number;
  /** The timeout of waiting for a slot; default: connectionWaitMs. */
  readonly transactionWaitMs?: number;
  /** The limit on waiting transactions; default: none. */
  readonly waitingTransactions?: number;
}

export interface ConnectionSlots {
  /**
   * Resolves when a connection is free for a transaction of the account. Throws OVERLOADED when too many wait
   * (a transaction with its own `connectionWaitMs` waits all the same, and one of an account that has no other under way)
   * or on timeout, and the signal's reason when it is aborted first. An account that has no other transaction under way
   * waits for `connectionWaitMs`, because it is not the cause of the wait.
   */
  acquire(
    accountId: string,
    limits: Pick<TransactionLimits, 'connectionWaitMs' | 'signal'>,
  ): Promise<Release>;
  /** The number of waiting transactions. */
  waiting(): number;
}

export function createConnectionSlots(limits: ConnectionSlotLimits): ConnectionSlots {
  const { connections, connectionWaitMs, transactionWaitMs = connectionWaitMs, waitingTransactions } = limits;
  const semaphore = createSemaphore({
    slots: connections,
    ...(waitingTransactions === undefined ? {} : { waiters: waitingTransactions }),
  });
  return {
    async acquire(accountId, { connectionWaitMs: ownWaitMs, signal }) {
      const isLight = semaphore.isIdle(accountId);
      try {
        return await semaphore.acquire(accountId, {
          signal,
          timeoutMs:
            ownWaitMs ?? (isLight ? Math.max(connectionWaitMs, transactionWaitMs) : transactionWaitMs),
          mayExceedWaiters: isLight || ownWaitMs !== undefined,
        });
      } catch (error) {
        throw error instanceof NoSlotError ? overloaded(error) : error;
      }
    },
    waiting: () => semaphore.waiting(),
  };
}

function overloaded({ exceeded, most }: NoSlotError): DomainError {
  const isTooLate = exceeded === 'timeoutMs';
  return new DomainError(
    'OVERLOADED',
    isTooLate
      ? 'no database connection came free in time; try again'
      : 'too many calls wait for the database; try again',
    {
      metadata: {
        limit: isTooLate ? 'transactionWaitMs' : 'waitingTransactions',
        most: String(Math.round(most)),
      },
    },
  );
}
