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
  /** Slots that the caller takes; default: 1. More than a key or all may have count as that many. */
  readonly weight?: number;
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
  /** Whether the key has neither a slot nor a waiter. */
  isIdle(key: string): boolean;
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

interface Waiter {
  readonly weight: number;
  /** Called when it gets its slots. */
  readonly admit: () => void;
}

/** What a key has. */
interface Turn {
  taken: number;
  /** In the order in which they came. */
  readonly waiting: Set<Waiter>;
}

export function createSemaphore(limits: SemaphoreLimits): Semaphore {
  const { slots, slotsPerKey = slots, waiters = Number.POSITIVE_INFINITY, waitersPerKey = waiters } = limits;
  /** Keys with a slot or a waiter, the key that is next first. */
  const turns = new Map<string, Turn>();
  let taken = 0;
  let waiting = 0;

  const mostWeight = Math.min(slots, slotsPerKey);
  const hasRoom = (turn: Turn, weight: number) => turn.taken + weight <= slotsPerKey;

  /** A newcomer does not overtake a waiter whose turn it is and that needs more slots than are left. */
  function isFree(turn: Turn, weight: number): boolean {
    return taken + weight <= slots && hasRoom(turn, weight) && (waiting === 0 || !findNext());
  }

  function exceededBy(turn: Turn, weight = 1): 'waiters' | 'waitersPerKey' | undefined {
    if (isFree(turn, weight)) {
      return undefined;
    }
    if (waiting >= waiters) {
      return 'waiters';
    }
    return turn.waiting.size >= waitersPerKey ? 'waitersPerKey' : undefined;
  }

  /** The key's next turn is after those of all others. */
  function grant(key: string, turn: Turn, weight: number): Release {
    turns.delete(key);
    turns.set(key, turn);
    turn.taken += weight;
    taken += weight;
    return onlyOnce(() => {
      turn.taken -= weight;
      taken -= weight;
      forgetIfIdle(key, turn);
      admitNext();
    });
  }

  /** Lets waiters in while there are slots. A key whose turn it is, and whose waiter needs more of them, is not overtaken. */
  function admitNext(): void {
    let next = findNext();
    while (next && taken + next.weight <= slots) {
      next.admit();
      next = findNext();
    }
  }

  function findNext(): Waiter | undefined {
    for (const turn of turns.values()) {
      const [first] = turn.waiting;
      if (first && hasRoom(turn, first.weight)) {
        return first;
      }
    }
    return undefined;
  }

  function forgetIfIdle(key: string, turn: Turn): void {
    if (turn.taken === 0 && turn.waiting.size === 0) {
      turns.delete(key);
    }
  }

  function wait(
    key: string,
    turn: Turn,
    weight: number,
    { signal, timeoutMs }: AcquireOptions,
  ): Promise<Release> {
    const { promise, resolve, reject } = Promise.withResolvers<Release>();
    function leave(): void {
      turn.waiting.delete(waiter);
      waiting -= 1;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
    function admit(): void {
      leave();
      resolve(grant(key, turn, weight));
    }
    const waiter = { weight, admit };
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
    turn.waiting.add(waiter);
    waiting += 1;
    return promise;
  }

  const turnOf = (key: string): Turn => turns.get(key) ?? { taken: 0, waiting: new Set() };
  const mostOf = { waiters, waitersPerKey };
  return {
    async acquire(key, options = {}) {
      options.signal?.throwIfAborted();
      const turn = turnOf(key);
      const weight = Math.min(options.weight ?? 1, mostWeight);
      if (isFree(turn, weight)) {
        return grant(key, turn, weight);
      }
      const exceeded = options.mayExceedWaiters ? undefined : exceededBy(turn, weight);
      if (exceeded) {
        throw new NoSlotError(exceeded, mostOf[exceeded]);
      }
      return wait(key, turn, weight, options);
    },
    isFull: (key) => exceededBy(turnOf(key)) !== undefined,
    isIdle: (key) => !turns.has(key),
    waiting: () => waiting,
  };
}
