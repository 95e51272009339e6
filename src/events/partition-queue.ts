/** Hands partitions to workers: those of an account together, each to one at a time, again until nothing is left. */
import { backoffMs } from '../flow/backoff.ts';
import type { HandledPartitions, HandlePartitions } from './event-bus.ts';

/** A partition of an account. */
export interface Partition {
  readonly accountId: string;
  readonly partition: number;
}

export interface PartitionQueueOptions {
  readonly handle: HandlePartitions;
  /** Calls of `handle` at the same time. */
  readonly workers: number;
  /** Partitions of an account that are handled together at most. */
  readonly partitionsTogether: number;
  /** After how long a partition that another process holds is tried again; one that failed, no sooner. */
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
  readonly waiting: ((isHandled: boolean) => void)[];
  failures: number;
}

/** A partition that keeps failing is tried again this often at least. */
const LONGEST_PAUSE_MS = 5_000;

export function createPartitionQueue(options: PartitionQueueOptions): PartitionQueue {
  const { handle, workers, partitionsTogether, busyPauseMs, onError } = options;
  const places = new Map<string, Place>();
  let line: Place[] = [];
  const rests = new Set<NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
  let isStopped = false;

  function pump(): void {
    while (!isStopped && running.size < workers && line.length > 0) {
      const round = run(takeTogether()).finally(() => {
        running.delete(round);
        pump();
      });
      running.add(round);
    }
  }

  /** What has waited longest, with what else waits of its account. */
  function takeTogether(): Place[] {
    const accountId = line[0]?.partition.accountId;
    const taken = line
      .filter((place) => place.partition.accountId === accountId)
      .slice(0, partitionsTogether);
    const together = new Set(taken);
    line = line.filter((place) => !together.has(place));
    return taken;
  }

  async function run(together: readonly Place[]): Promise<void> {
    const told = together.map((place) => place.waiting.splice(0));
    const handled = await handleOnce(together);
    for (const [index, place] of together.entries()) {
      const waiting = told[index] ?? [];
      const { partition } = place.partition;
      if (handled.unfinished.includes(partition)) {
        place.waiting.unshift(...waiting);
        line.push(place);
      } else if (handled.busy.includes(partition)) {
        place.waiting.unshift(...waiting);
        rest(place);
      } else {
        tell(waiting, true);
        leave(place);
      }
    }
  }

  /** What failed rests, as what another transaction is on. */
  async function handleOnce(together: readonly Place[]): Promise<HandledPartitions> {
    const accountId = together[0]?.partition.accountId ?? '';
    const partitions = together.map((place) => place.partition.partition);
    try {
      const handled = await handle(accountId, partitions);
      for (const place of together) {
        place.failures = 0;
      }
      return handled;
    } catch (error) {
      for (const place of together) {
        place.failures += 1;
      }
      onError(error);
      return { busy: partitions, unfinished: [] };
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
    const pauseMs =
      place.failures > 0
        ? backoffMs(place.failures, { firstMs: busyPauseMs, longestMs: LONGEST_PAUSE_MS })
        : 0;
    const timer = setTimeout(
      () => {
        rests.delete(timer);
        line.push(place);
        pump();
      },
      Math.max(busyPauseMs, pauseMs),
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
