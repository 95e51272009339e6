/** Hands partitions to workers: several at a time, each to one at a time, again until nothing is left in it. */
import type { HandlePartition } from './bus.ts';

/** A partition of an account: what a worker takes at a time. */
export interface Partition {
  readonly accountId: string;
  readonly partition: number;
}

export interface PartitionQueueOptions {
  readonly handle: HandlePartition;
  /** Partitions that are handled at the same time. */
  readonly workers: number;
  /** How long a partition rests that another process is on; also the first rest after a failure. */
  readonly busyPauseMs: number;
  readonly onError: (error: unknown) => void;
}

export interface PartitionQueue {
  /** Whether the partition waits, rests or is being handled. */
  has(partition: Partition): boolean;
  /** Partitions that wait, rest or are being handled. */
  size(): number;
  /** Resolves when whatever was in the partition at the time of the call is handled; false: stopped before that. */
  offer(partition: Partition): Promise<boolean>;
  /** Begins nothing more, and resolves when what is being handled has ended. */
  stop(): Promise<void>;
}

interface Place {
  readonly partition: Partition;
  /** Told when the next round, or the round after the running one, has left nothing. */
  waiting: ((isHandled: boolean) => void)[];
  failures: number;
}

/** A partition that keeps failing is tried again this often at least. */
const LONGEST_PAUSE_MS = 5_000;

export function createPartitionQueue(options: PartitionQueueOptions): PartitionQueue {
  const { handle, workers, busyPauseMs, onError } = options;
  const places = new Map<string, Place>();
  const line: Place[] = [];
  const rests = new Set<NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
  let isStopped = false;

  function pump(): void {
    while (!isStopped && running.size < workers) {
      const place = line.shift();
      if (!place) {
        return;
      }
      const round = run(place).finally(() => {
        running.delete(round);
        pump();
      });
      running.add(round);
    }
  }

  async function run(place: Place): Promise<void> {
    const told = place.waiting;
    place.waiting = [];
    const outcome = await handleOnce(place);
    if (outcome === 'DONE') {
      tell(told, true);
      leave(place);
      return;
    }
    place.waiting.unshift(...told);
    if (outcome === 'MORE') {
      line.push(place);
    } else {
      rest(place);
    }
  }

  async function handleOnce(place: Place): Promise<'DONE' | 'MORE' | 'LATER'> {
    const { accountId, partition } = place.partition;
    try {
      const handled = await handle(accountId, partition);
      place.failures = 0;
      return handled === 'BUSY' ? 'LATER' : handled.hasMore ? 'MORE' : 'DONE';
    } catch (error) {
      place.failures += 1;
      onError(error);
      return 'LATER';
    }
  }

  /** What was offered while it was being handled may have come too late for that. */
  function leave(place: Place): void {
    if (place.waiting.length > 0) {
      line.push(place);
    } else {
      places.delete(keyOf(place.partition));
    }
  }

  function rest(place: Place): void {
    const doubledMs = busyPauseMs * 2 ** Math.max(0, place.failures - 1);
    const timer = setTimeout(
      () => {
        rests.delete(timer);
        line.push(place);
        pump();
      },
      Math.min(doubledMs, LONGEST_PAUSE_MS),
    );
    rests.add(timer.unref());
  }

  return {
    has: (partition) => places.has(keyOf(partition)),
    size: () => places.size,
    offer(partition) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const known = places.get(keyOf(partition));
      if (isStopped) {
        resolve(false);
      } else if (known) {
        known.waiting.push(resolve);
      } else {
        const place: Place = { partition, waiting: [resolve], failures: 0 };
        places.set(keyOf(partition), place);
        line.push(place);
        pump();
      }
      return promise;
    },
    async stop() {
      isStopped = true;
      for (const timer of rests) {
        clearTimeout(timer);
      }
      await Promise.all(running);
      for (const place of places.values()) {
        tell(place.waiting, false);
      }
    },
  };
}

function tell(waiting: Place['waiting'], isHandled: boolean): void {
  for (const resolve of waiting) {
    resolve(isHandled);
  }
}

function keyOf({ accountId, partition }: Partition): string {
  return `${accountId} ${partition}`;
}
