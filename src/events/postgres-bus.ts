/** The event bus that needs only PostgreSQL: it polls the outbox. */
import type { Limits } from '../config/config.ts';
import type { Database } from '../store/database.ts';
import type { Bus } from './event-bus.ts';
import { createPartitionQueue, type Partition, type PartitionQueue } from './partition-queue.ts';
import { startPolling } from './polling-loop.ts';
import { findWaitingPartitions } from './waiting-partitions.ts';

export interface BusDeps {
  readonly database: Database;
  readonly limits: Pick<
    Limits,
    'busPollMs' | 'clusterPollMs' | 'busWorkers' | 'busPartitions' | 'partitionsTogether'
  >;
  /** Receives every failure of a poll or a handler; both are retried. */
  readonly onError: (error: unknown) => void;
}

export function createPostgresBus({ database, limits, onError }: BusDeps): Bus {
  return {
    start(handle) {
      const { busPollMs, clusterPollMs, busWorkers: workers, partitionsTogether } = limits;
      const queue = createPartitionQueue({
        ...{ handle, workers, partitionsTogether, onError },
        busyPauseMs: busPollMs,
      });
      const poll = createOutboxPoll(database, queue, limits);
      const polling = startPolling({
        intervalMs: busPollMs,
        // A look costs each node of a cluster, so an idle process seldom looks.
        ...(database.isDistributed && { idleMs: clusterPollMs }),
        work: () => poll(0),
        onError,
      });
      database.onEntries(polling.wake);
      return {
        async stop() {
          await Promise.all([polling.stop(), queue.stop()]);
        },
      };
    },
  };
}

/**
 * Creates a poll that queues partitions whose oldest entry has waited for `waitingForMs`. Each call reads the
 * page after the previous one, so that no account starves behind others. True when another page follows.
 */
export function createOutboxPoll(
  database: Database,
  queue: PartitionQueue,
  { busPartitions }: Pick<Limits, 'busPartitions'>,
): (waitingForMs: number) => Promise<boolean> {
  let after: Partition | undefined;
  return async (waitingForMs) => {
    const limit = busPartitions - queue.size();
    if (limit <= 0) {
      return false;
    }
    const found = await findWaitingPartitions(database, {
      waitFor: 'EVALUATION',
      after,
      limit,
      waitingForMs,
    });
    for (const partition of found) {
      // A partition that is being handled now is queued again by a later page.
      if (!queue.has(partition)) {
        void queue.offer(partition);
      }
    }
    after = found.length === limit ? found.at(-1) : undefined;
    return after !== undefined;
  };
}
