/** Transactions wait for a slot before they ask the pool for a connection: accounts in turn, not for long, not too many. */
import { DomainError } from '../errors/domain-error.ts';
import type { Release } from '../flow/keyed-limiter.ts';
import { createSemaphore, NoSlotError } from '../flow/semaphore.ts';
import type { TransactionLimits } from './enter-account.ts';

export interface ConnectionSlotLimits {
  readonly connections: number;
  /** How long PostgreSQL may take to open a connection. */
  readonly connectionWaitMs: number;
  /** How long a transaction waits for a slot; default: connectionWaitMs. */
  readonly transactionWaitMs?: number;
  /** Transactions that may wait for one; default: any number. */
  readonly waitingTransactions?: number;
}

export interface ConnectionSlots {
  /**
   * Resolves when a connection is free for a transaction of the account. Throws OVERLOADED when too many wait (a
   * transaction with a `connectionWaitMs` of its own waits all the same) or none came free in time, and the signal's
   * reason when it is aborted first.
   */
  acquire(
    accountId: string,
    limits: Pick<TransactionLimits, 'connectionWaitMs' | 'signal'>,
  ): Promise<Release>;
  /** Transactions that wait. */
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
      try {
        return await semaphore.acquire(accountId, {
          signal,
          timeoutMs: ownWaitMs ?? transactionWaitMs,
          mayExceedWaiters: ownWaitMs !== undefined,
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
