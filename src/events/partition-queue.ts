/** Queues partitions for workers: an account's partitions together, each to one worker at a time, until empty. */
import { backoffMs } from '../flow/backoff.ts';
import type { HandledPartitions, HandlePartitions } from './event-bus.ts';

/** A partition of an account. */
export interface Partition {
  readonly accountId: string;
  readonly partition: number;
}

export interface PartitionQueueOptions {
  readonly handle: HandlePartitions;
  /** Maximum number of concurrent calls of `handle`. */
  readonly workers: number;
  /** Maximum number of an account's partitions in one call. */
  readonly partitionsTogether: number;
  /** Pause before a partition locked by another process is tried again; minimum backoff of a failed one. */
  readonly busyPauseMs: number;
  readonly onError: (error: unknown) => void;
}

export interface PartitionQueue {
  /** Whether the partition is queued, paused or being handled. */
  has(partition: Partition): boolean;
  /** Number of partitions that are queued, paused or being handled. */
  size(): number;
  /** Resolves with true when everything in the partition at the time of the call is handled; false when stopped. */
  offer(partition: Partition): Promise<boolean>;
  /** Starts no further call, and resolves when the running calls have ended. */
  stop(): Promise<void>;
}

interface QueuedPartition {
  readonly partition: Partition;
  /** Resolved when the next call, or the call after the running one, has left no entries. */
  readonly waiters: ((isHandled: boolean) => void)[];
  failures: number;
}

/** Upper limit of the backoff of a partition that keeps failing. */
const LONGEST_PAUSE_MS = 5_000;

export function createPartitionQueue(options: PartitionQueueOptions): PartitionQueue {
  const { handle, workers, partitionsTogether, busyPauseMs, onError } = options;
  const known = new Map<string, QueuedPartition>();
  let queue: QueuedPartition[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
  let isStopped = false;

  function startCalls(): void {
    while (!isStopped && running.size < workers && queue.length > 0) {
      const call = run(dequeueTogether()).finally(() => {
        running.delete(call);
        startCalls();
      });
      running.add(call);
    }
  }

  /** Takes the first partition of the queue, and further queued partitions of its account. */
  function dequeueTogether(): QueuedPartition[] {
    const accountId = queue[0]?.partition.accountId;
    const taken = queue
      .filter((queued) => queued.partition.accountId === accountId)
      .slice(0, partitionsTogether);
    const together = new Set(taken);
    queue = queue.filter((queued) => !together.has(queued));
    return taken;
  }

  async function run(together: readonly QueuedPartition[]): Promise<void> {
    const waitersBefore = together.map((queued) => queued.waiters.splice(0));
    const handled = await handleOnce(together);
    for (const [index, queued] of together.entries()) {
      const waiters = waitersBefore[index] ?? [];
      const { partition } = queued.partition;
      if (handled.unfinished.includes(partition)) {
        queued.waiters.unshift(...waiters);
        queue.push(queued);
      } else if (handled.busy.includes(partition)) {
        queued.waiters.unshift(...waiters);
        requeueLater(queued);
      } else {
        resolveAll(waiters, true);
        requeueOrRemove(queued);
      }
    }
  }

  /** A failed partition is retried after a backoff, like one locked by another transaction. */
  async function handleOnce(together: readonly QueuedPartition[]): Promise<HandledPartitions> {
    const accountId = together[0]?.partition.accountId ?? '';
    const partitions = together.map((queued) => queued.partition.partition);
    try {
      const handled = await handle(accountId, partitions);
      for (const queued of together) {
        queued.failures = 0;
      }
      return handled;
    } catch (error) {
      for (const queued of together) {
        queued.failures += 1;
      }
      onError(error);
      return { busy: partitions, unfinished: [] };
    }
  }

  /** Entries offered during a call may have been missed by it, so the partition is queued again. */
  function requeueOrRemove(queued: QueuedPartition): void {
    if (queued.waiters.length > 0) {
      queue.push(queued);
    } else {
      known.delete(toKey(queued.partition));
    }
  }

  function requeueLater(queued: QueuedPartition): void {
    const pauseMs =
      queued.failures > 0
        ? backoffMs(queued.failures, { firstMs: busyPauseMs, longestMs: LONGEST_PAUSE_MS })
        : 0;
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        queue.push(queued);
        startCalls();
      },
      Math.max(busyPauseMs, pauseMs),
    );
    timers.add(timer.unref());
  }

  return {
    has: (partition) => known.has(toKey(partition)),
    size: () => known.size,
    offer(partition) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const present = known.get(toKey(partition));
      if (isStopped) {
        resolve(false);
      } else if (present) {
        present.waiters.push(resolve);
      } else {
        const queued: QueuedPartition = { partition, waiters: [resolve], failures: 0 };
        known.set(toKey(partition), queued);
        queue.push(queued);
        startCalls();
      }
      return promise;
    },
    async stop() {
      isStopped = true;
      for (const timer of timers) {
        clearTimeout(timer);
      }
      await Promise.all(running);
      for (const queued of known.values()) {
        resolveAll(queued.waiters, false);
      }
    },
  };
}

function resolveAll(waiters: QueuedPartition['waiters'], isHandled: boolean): void {
  for (const resolve of waiters) {
    resolve(isHandled);
  }
}

function toKey({ accountId, partition }: Partition): string {
  return `${accountId} ${partition}`;
}
