/** Reads the streams as one of a group of workers, and offers the partitions of accounts that they name. */
import { ErrorReply } from '@redis/client';
import type { Limits } from '../../config/config.ts';
import { PARTITIONS } from '../../store/lock-partition.ts';
import type { PartitionQueue } from '../partition-queue.ts';
import { type Redis, sendCommand } from './redis-connection.ts';
import { toStreamName } from './stream-record.ts';

/** The consumer group of the service's own workers. */
export const WORKER_GROUP = 'workers';

export interface StreamReaderDeps {
  /** A connection of its own, as reading waits on it. */
  readonly reading: Redis;
  /** For acknowledgements, and for taking over what others left. */
  readonly redis: Redis;
  readonly queue: PartitionQueue;
  /** Unlike any other process's. */
  readonly consumer: string;
  readonly limits: Pick<Limits, 'streamWaitMs' | 'readRecords' | 'pendingRecords' | 'abandonedRecordMs'>;
  /** Hears of acknowledgements that failed: others take these records over. */
  readonly onError: (error: unknown) => void;
}

export interface StreamReader {
  /** Offers what is new, or waits a while for it. True while Redis is there. */
  readOnce(): Promise<boolean>;
  /** Offers what other processes read and did not acknowledge in time. */
  claimAbandonedOnce(): Promise<boolean>;
  /** Once the queue has stopped: acknowledges what was handled, and gives the place in the group up. */
  leaveGroup(): Promise<void>;
}

interface Message {
  readonly id: string;
  readonly message: Readonly<Record<string, string>>;
}

/** A process that was not heard of for so many times what makes a record abandoned has ended. */
const GONE_AFTER = 60;

const STREAMS = Array.from({ length: PARTITIONS }, (_, partition) => ({
  partition,
  key: toStreamName(partition),
}));

export function createStreamReader(deps: StreamReaderDeps): StreamReader {
  const { reading, redis, queue, consumer, limits, onError } = deps;
  const pending = new Set<string>();
  const acknowledging = new Set<Promise<void>>();

  /** A record that is read twice, by taking it over, is acknowledged once. */
  function accept(partition: number, messages: readonly (Message | null)[]): void {
    const fresh = messages.flatMap((each) => (each && !pending.has(`${partition} ${each.id}`) ? [each] : []));
    for (const [accountId, records] of Map.groupBy(fresh, ({ message }) => message.account)) {
      const ids = records.map(({ id }) => id);
      for (const id of ids) {
        pending.add(`${partition} ${id}`);
      }
      const acknowledged = acknowledgeWhenHandled(`${accountId}`, partition, ids).finally(() =>
        acknowledging.delete(acknowledged),
      );
      acknowledging.add(acknowledged);
    }
  }

  async function acknowledgeWhenHandled(accountId: string, partition: number, ids: string[]): Promise<void> {
    const isHandled = await queue.offer({ accountId, partition });
    try {
      if (isHandled) {
        await sendCommand(() => redis.xAck(toStreamName(partition), WORKER_GROUP, ids));
      }
    } catch (error) {
      onError(error);
    } finally {
      for (const id of ids) {
        pending.delete(`${partition} ${id}`);
      }
    }
  }

  return {
    async readOnce() {
      if (!reading.isReady || pending.size >= limits.pendingRecords) {
        return false;
      }
      const read = await sendGroupCommand(reading, () =>
        reading.xReadGroup(
          WORKER_GROUP,
          consumer,
          STREAMS.map(({ key }) => ({ key, id: '>' })),
          { COUNT: Math.ceil(limits.readRecords / PARTITIONS), BLOCK: limits.streamWaitMs },
        ),
      );
      for (const { name, messages } of read ?? []) {
        const stream = STREAMS.find(({ key }) => key === name);
        if (stream) {
          accept(stream.partition, messages);
        }
      }
      return true;
    },

    async claimAbandonedOnce() {
      if (!redis.isReady) {
        return false;
      }
      let hasMore = false;
      for (const { partition, key } of STREAMS) {
        const claimed = await sendGroupCommand(redis, () =>
          redis.xAutoClaim(key, WORKER_GROUP, consumer, limits.abandonedRecordMs, '0-0', {
            COUNT: limits.readRecords,
          }),
        );
        accept(partition, claimed?.messages ?? []);
        hasMore ||= claimed !== null && claimed.nextId !== '0-0';
        // A live one asks for more every second, and is back by that if need be.
        await forgetConsumers(redis, key, ({ idle }) => idle > GONE_AFTER * limits.abandonedRecordMs);
      }
      return hasMore && pending.size < limits.pendingRecords;
    },

    async leaveGroup() {
      await Promise.all(acknowledging);
      if (redis.isReady) {
        await Promise.all(
          STREAMS.map(({ key }) => forgetConsumers(redis, key, ({ name }) => name === consumer)),
        );
      }
    },
  };
}

/** What a consumer has not acknowledged would be forgotten with it: that is for others to take over first. */
async function forgetConsumers(
  redis: Redis,
  key: string,
  isGone: (consumer: { readonly name: string; readonly idle: number }) => boolean,
): Promise<void> {
  for (const { name, idle, pending } of await sendCommand(() => redis.xInfoConsumers(key, WORKER_GROUP))) {
    if (pending === 0 && isGone({ name, idle })) {
      await sendCommand(() => redis.xGroupDelConsumer(key, WORKER_GROUP, name));
    }
  }
}

/** null: the group was not there; now it is. */
async function sendGroupCommand<T>(redis: Redis, command: () => Promise<T>): Promise<T | null> {
  try {
    return await sendCommand(command);
  } catch (error) {
    if (isReply(error, 'NOGROUP')) {
      await createGroups(redis);
      return null;
    }
    throw error;
  }
}

/** From the beginning of each stream: what was relayed before somebody read is read as well. */
async function createGroups(redis: Redis): Promise<void> {
  for (const { key } of STREAMS) {
    try {
      await sendCommand(() => redis.xGroupCreate(key, WORKER_GROUP, '0', { MKSTREAM: true }));
    } catch (error) {
      if (!isReply(error, 'BUSYGROUP')) {
        throw error;
      }
    }
  }
}

function isReply(error: unknown, code: string): boolean {
  return error instanceof ErrorReply && error.message.startsWith(code);
}
