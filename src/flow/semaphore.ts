/** A semaphore whose waiters take turns by key, so that many waiters of one account delay others by one slot at most. */
import { onlyOnce, type Release } from './keyed-limiter.ts';

export interface SemaphoreLimits {
  /** Slots that may be taken at the same time, in all. */
  readonly slots: number;
  /** Slots of one key; default: all of them. */
  readonly slotsPerKey?: number;
  /** Callers that may wait at the same time, in all; default: any number. */
  readonly waiters?: number;
  /** Callers of one key that may wait; default: as many as in all. */
  readonly waitersPerKey?: number;
}

export interface AcquireOptions {
  /** Ends the wait when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** The longest wait, in milliseconds; default: any. */
  readonly timeoutMs?: number | undefined;
  /** Waits also where `waiters` or `waitersPerKey` wait already; for a caller that is limited elsewhere. */
  readonly mayExceedWaiters?: boolean;
}

/**
 * @example
 * const semaphore = createSemaphore({ slots: 10, waiters: 500 });
 * const release = await semaphore.acquire(accountId, { signal, timeoutMs: 200 });
 * try {
 *   await work();
 * } finally {
 *   release();
 * }
 */
export interface Semaphore {
  /**
   * Resolves when the caller has a slot: at once while one is free, else when it is the turn of its key. The callers
   * of one key are served in order. Throws NoSlotError when too many wait or the wait was too long, and the
   * signal's reason when it is aborted first.
   */
  acquire(key: string, options?: AcquireOptions): Promise<Release>;
  /** Whether a caller of the key would be refused now, because too many wait. */
  isFull(key: string): boolean;
  /** Callers that wait, of all keys. */
  waiting(): number;
}

/** Why there was no slot. */
export class NoSlotError extends Error {
  override readonly name = 'NoSlotError';
  readonly exceeded: 'waiters' | 'waitersPerKey' | 'timeoutMs';
  /** The value of the limit. */
  readonly most: number;

  constructor(exceeded: NoSlotError['exceeded'], most: number) {
    super(`no slot: ${exceeded} is ${most}`);
    this.exceeded = exceeded;
    this.most = most;
  }
}

/** What a key has. */
interface Turn {
  taken: number;
  /** In the order in which they came; each is called when it gets a slot. */
  readonly waiting: Set<() => void>;
}

export function createSemaphore(limits: SemaphoreLimits): Semaphore {
  const { slots, slotsPerKey = slots, waiters = Number.POSITIVE_INFINITY, waitersPerKey = waiters } = limits;
  /** Keys with a slot or a waiter, the key that is next first. */
  const turns = new Map<string, Turn>();
  let taken = 0;
  let waiting = 0;

  const isFree = (turn: Turn) => taken < slots && turn.taken < slotsPerKey;

  function exceededBy(turn: Turn): 'waiters' | 'waitersPerKey' | undefined {
    if (isFree(turn)) {
      return undefined;
    }
    if (waiting >= waiters) {
      return 'waiters';
    }
    return turn.waiting.size >= waitersPerKey ? 'waitersPerKey' : undefined;
  }

  /** The key's next turn is after those of all others. */
  function grant(key: string, turn: Turn): Release {
    turns.delete(key);
    turns.set(key, turn);
    turn.taken += 1;
    taken += 1;
    return onlyOnce(() => {
      turn.taken -= 1;
      taken -= 1;
      forgetIfIdle(key, turn);
      admitNext();
    });
  }

  /** One released slot lets one waiter in at most. */
  function admitNext(): void {
    for (const turn of turns.values()) {
      const [admit] = turn.waiting;
      if (admit && isFree(turn)) {
        admit();
        return;
      }
    }
  }

  function forgetIfIdle(key: string, turn: Turn): void {
    if (turn.taken === 0 && turn.waiting.size === 0) {
      turns.delete(key);
    }
  }

  function wait(key: string, turn: Turn, { signal, timeoutMs }: AcquireOptions): Promise<Release> {
    const { promise, resolve, reject } = Promise.withResolvers<Release>();
    function leave(): void {
      turn.waiting.delete(admit);
      waiting -= 1;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
    function admit(): void {
      leave();
      resolve(grant(key, turn));
    }
    function refuse(reason: unknown): void {
      leave();
      forgetIfIdle(key, turn);
      reject(reason);
    }
    const onAbort = () => refuse(signal?.reason);
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => refuse(new NoSlotError('timeoutMs', timeoutMs)), timeoutMs);
    signal?.addEventListener('abort', onAbort);
    turns.set(key, turn);
    turn.waiting.add(admit);
    waiting += 1;
    return promise;
  }

  const turnOf = (key: string): Turn => turns.get(key) ?? { taken: 0, waiting: new Set() };
  const mostOf = { waiters, waitersPerKey };
  return {
    async acquire(key, options = {}) {
      options.signal?.throwIfAborted();
      const turn = turnOf(key);
      if (isFree(turn)) {
        return grant(key, turn);
      }
      const exceeded = options.mayExceedWaiters ? undefined : exceededBy(turn);
      if (exceeded) {
        throw new NoSlotError(exceeded, mostOf[exceeded]);
      }
      return wait(key, turn, options);
    },
    isFull: (key) => exceededBy(turnOf(key)) !== undefined,
    waiting: () => waiting,
  };
}
