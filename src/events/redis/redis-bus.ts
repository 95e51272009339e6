/** The bus with Redis: relays events to streams for whoever reads them, and hands partitions to workers by them. */
import { v7 as uuidv7 } from 'uuid';
import type { Limits } from '../../config/config.ts';
import type { Bus } from '../event-bus.ts';
import { createPartitionQueue } from '../partition-queue.ts';
import { startPolling } from '../polling-loop.ts';
import { type BusDeps, createOutboxPoll } from '../postgres-bus.ts';
import { closeRedis, connectRedis, RedisUnavailable } from './redis-connection.ts';
import { createRelay, type RelayDeps } from './relay.ts';
import { createStreamReader } from './stream-reader.ts';

export interface RedisBusDeps extends BusDeps, Pick<RelayDeps, 'observer'> {
  readonly url: string;
  /** Hears once of each time that Redis goes away. */
  readonly onDisconnect: (error: unknown) => void;
  readonly limits: BusDeps['limits'] &
    Pick<
      Limits,
      | 'redisPatienceMs'
      | 'redisTimeoutMs'
      | 'streamWaitMs'
      | 'relayedEntries'
      | 'streamRecords'
      | 'readRecords'
      | 'pendingRecords'
      | 'abandonedRecordMs'
    >;
}

/**
 * Redis is only believed when it says that there is something. What it does not say in time (it is away, has lost its
 * memory, or a worker died) is found in PostgreSQL: after `redisPatienceMs`, or at once while it is known to be away.
 */
export function createRedisBus({
  url,
  database,
  limits,
  observer,
  onDisconnect,
  onError: onAnyError,
}: RedisBusDeps): Bus {
  return {
    start(handle) {
      const onError = (error: unknown) => error instanceof RedisUnavailable || onAnyError(error);
      const {
        busPollMs,
        busWorkers: workers,
        partitionsTogether,
        redisPatienceMs,
        abandonedRecordMs,
      } = limits;
      const redis = connectRedis(url, { limits, onDisconnect });
      const reading = connectRedis(url, { limits, onDisconnect: () => {} });
      const queue = createPartitionQueue({
        ...{ handle, workers, partitionsTogether, onError },
        busyPauseMs: busPollMs,
      });
      const relay = createRelay({ database, redis, limits, observer });
      const reader = createStreamReader({ reading, redis, queue, consumer: uuidv7(), limits, onError });
      const look = createOutboxPoll(database, queue, limits);
      let nextLookAtMs = 0;

      /** Seldom while Redis is there: what it has said of is on its way. */
      async function lookIfDue(): Promise<boolean> {
        if (!redis.isReady) {
          return look(0);
        }
        if (performance.now() < nextLookAtMs) {
          return false;
        }
        nextLookAtMs = performance.now() + redisPatienceMs / 4;
        return look(redisPatienceMs);
      }

      const repeat = (intervalMs: number, work: () => Promise<boolean>) =>
        startPolling({ intervalMs, work, onError });
      const loops = [
        repeat(busPollMs, () => relay.relayOnce()),
        repeat(busPollMs, () => reader.readOnce()),
        repeat(abandonedRecordMs / 2, () => reader.claimAbandonedOnce()),
        repeat(busPollMs, lookIfDue),
      ];
      return {
        async stop() {
          closeRedis(reading);
          await Promise.all([queue.stop(), ...loops.map((loop) => loop.stop())]);
          await reader.leaveGroup().catch(onError);
          closeRedis(redis);
        },
      };
    },
  };
}
