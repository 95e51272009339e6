/**
 * The event bus with Redis: relays events to streams for other services, and hands partitions to workers by
 * them.
 */
import { v7 as uuidv7 } from 'uuid';
import type { Limits } from '../../config/config.ts';
import type { Bus } from '../event-bus.ts';
import { createPartitionQueue } from '../partition-queue.ts';
import { startPolling } from '../polling-loop.ts';
import { type BusDeps, createOutboxPoll } from '../postgres-bus.ts';
import { reportOnce } from './redis-client.ts';
import { connectRedis } from './redis-connection.ts';
import { RedisRefusal, RedisUnavailable } from './redis-errors.ts';
import { createRelay, type RelayDeps } from './relay.ts';
import { createStreamReader } from './stream-reader.ts';

export interface RedisBusDeps extends BusDeps, Pick<RelayDeps, 'observer'> {
  readonly url: string;
  /** Called once each time the connection to Redis is lost. */
  readonly onDisconnect: (error: unknown) => void;
  readonly limits: BusDeps['limits'] &
    Pick<
      Limits,
      | 'redisDeliveryTimeoutMs'
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
 * Redis only speeds evaluation up. Entries that Redis does not announce (it is unavailable, lost its data, or
 * a worker died) are found in PostgreSQL: after `redisDeliveryTimeoutMs`, or at once while Redis is disconnected.
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
      const {
        busPollMs,
        busWorkers: workers,
        partitionsTogether,
        redisDeliveryTimeoutMs,
        abandonedRecordMs,
      } = limits;
      const redis = connectRedis(url, { limits, onDisconnect });
      const reading = connectRedis(url, { limits, onDisconnect: () => {} });
      const refusal = reportOnce(onDisconnect);
      const onError = (error: unknown) => {
        if (error instanceof RedisRefusal) {
          refusal.report(error);
        } else if (!(error instanceof RedisUnavailable)) {
          onAnyError(error);
        }
      };
      const queue = createPartitionQueue({
        ...{ handle, workers, partitionsTogether, onError },
        busyPauseMs: busPollMs,
      });
      const relay = createRelay({ database, redis, limits, observer });
      const reader = createStreamReader({ reading, redis, queue, consumer: uuidv7(), limits, onError });
      const poll = createOutboxPoll(database, queue, limits);
      let nextPollAtMs = 0;

      /** Polls rarely while Redis is connected, because announced partitions are already queued. */
      async function pollIfDue(): Promise<boolean> {
        if (!redis.isReady) {
          return poll(0);
        }
        if (performance.now() < nextPollAtMs) {
          return false;
        }
        nextPollAtMs = performance.now() + redisDeliveryTimeoutMs / 4;
        return poll(redisDeliveryTimeoutMs);
      }

      const repeat = (intervalMs: number, work: () => Promise<boolean>) =>
        startPolling({ intervalMs, work, onError });
      const loops = [
        repeat(busPollMs, async () => {
          const hasMore = await relay.relayOnce();
          refusal.again();
          return hasMore;
        }),
        repeat(busPollMs, () => reader.readOnce()),
        repeat(abandonedRecordMs / 2, () => reader.claimAbandonedOnce()),
        repeat(busPollMs, pollIfDue),
      ];
      return {
        async stop() {
          reading.close();
          await Promise.all([queue.stop(), ...loops.map((loop) => loop.stop())]);
          await reader.leaveGroup().catch(onError);
          redis.close();
        },
      };
    },
  };
}
