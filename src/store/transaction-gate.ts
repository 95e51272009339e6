/** Lets as many transactions in as there are connections; others wait in order, for a while, and not too many. */
import { DomainError } from '../domain-error.ts';

export interface TransactionGate {
  /**
   * Resolves when a connection is free for the caller, who must call `leave` when done with it. Throws OVERLOADED when
   * too many wait, or none came free in time; the signal's reason when it is aborted first.
   */
  enter(patience?: Patience): Promise<void>;
  leave(): void;
  /** How many wait. */
  waiting(): number;
}

/** How long somebody waits. */
export interface Patience {
  /** However many others wait; absent: as long as the gate's limits say. */
  readonly waitMs?: number | undefined;
  /** Aborted when nobody wants the transaction any more. */
  readonly signal?: AbortSignal | undefined;
}

export interface TransactionGateLimits {
  readonly places: number;
  readonly waiters: number;
  readonly waitMs: number;
}

export function createTransactionGate(limits: TransactionGateLimits): TransactionGate {
  /** In the order in which they came. */
  const line = new Set<() => void>();
  let free = limits.places;

  function waitInLine(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    function stop(): void {
      line.delete(admit);
      clearTimeout(timer);
      signal?.removeEventListener('abort', goAway);
    }
    function admit(): void {
      stop();
      resolve();
    }
    function goAway(): void {
      stop();
      reject(signal?.reason);
    }
    function giveUp(): void {
      stop();
      reject(overloaded('no database connection came free in time; try again', 'transactionWaitMs', waitMs));
    }
    const timer = setTimeout(giveUp, waitMs);
    signal?.addEventListener('abort', goAway);
    line.add(admit);
    return promise;
  }

  return {
    async enter({ waitMs, signal } = {}) {
      signal?.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return;
      }
      if (waitMs === undefined && line.size >= limits.waiters) {
        throw overloaded(
          'too many calls wait for the database; try again',
          'waitingTransactions',
          limits.waiters,
        );
      }
      await waitInLine(waitMs ?? limits.waitMs, signal);
    },
    leave() {
      const [next] = line;
      if (next) {
        next();
      } else {
        free += 1;
      }
    },
    waiting: () => line.size,
  };
}

function overloaded(message: string, limit: string, most: number): DomainError {
  return new DomainError('OVERLOADED', message, { metadata: { limit, most: String(Math.round(most)) } });
}
