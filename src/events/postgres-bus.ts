/** The bus that needs nothing beside PostgreSQL: looks into the outbox, many times a second. */
import type { Limits } from '../config/config.ts';
import type { Database } from '../store/database.ts';
import type { Bus } from './event-bus.ts';
import { createPartitionQueue, type Partition, type PartitionQueue } from './partition-queue.ts';
import { startPolling } from './polling-loop.ts';
import { findWaitingPartitions } from './waiting-partitions.ts';

export interface BusDeps {
  readonly database: Database;
  readonly limits: Pick<Limits, 'busPollMs' | 'busWorkers' | 'busPartitions' | 'partitionsTogether'>;
  /** Hears of every failure of a look into the outbox and of a handler; both are tried again. */
  readonly onError: (error: unknown) => void;
}

export function createPostgresBus({ database, limits, onError }: BusDeps): Bus {
  return {
    start(handle) {
      const { busPollMs, busWorkers: workers, partitionsTogether } = limits;
      const queue = createPartitionQueue({
        ...{ handle, workers, partitionsTogether, onError },
        busyPauseMs: busPollMs,
      });
      const look = createOutboxPoll(database, queue, limits);
      const polling = startPolling({ intervalMs: busPollMs, work: () => look(0), onError });
      return {
        async stop() {
          await Promise.all([polling.stop(), queue.stop()]);
        },
      };
    },
  };
}

/**
 * Looks for partitions whose oldest event has waited so long and puts them into the line, a page at a time, each page
 * behind the one before: no account is overlooked because of others. True: there is another page.
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
      // What is being handled now is looked at again by the next page that comes here.
      if (!queue.has(partition)) {
        void queue.offer(partition);
      }
    }
    after = found.length === limit ? found.at(-1) : undefined;
    return after !== undefined;
  };
}
