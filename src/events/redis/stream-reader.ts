/** Reads the streams as a member of the consumer group, and queues the partitions that the records name. */
import { ErrorReply } from '@redis/client';
import type { Limits } from '../../config/config.ts';
import { PARTITIONS } from '../../store/lock-partition.ts';
import type { PartitionQueue } from '../partition-queue.ts';
import type { Redis } from './redis-client.ts';
import { sendCommand } from './redis-errors.ts';
import { toStreamName } from './stream-record.ts';

/** The consumer group of the service's own workers. */
export const WORKER_GROUP = 'workers';

export interface StreamReaderDeps {
  /** A connection used only for blocking reads. */
  readonly reading: Redis;
  /** The connection for acknowledgements and for claiming abandoned records. */
  readonly redis: Redis;
  readonly queue: PartitionQueue;
  /** The consumer name, unique per process. */
  readonly consumer: string;
  readonly limits: Pick<Limits, 'streamWaitMs' | 'readRecords' | 'pendingRecords' | 'abandonedRecordMs'>;
  /** Receives failed acknowledgements; another process claims these records later. */
  readonly onError: (error: unknown) => void;
}

export interface StreamReader {
  /** Queues the partitions of new records, or waits for some. True while Redis is connected. */
  readOnce(): Promise<boolean>;
  /** Queues the partitions of records that other processes read and did not acknowledge in time. */
  claimAbandonedOnce(): Promise<boolean>;
  /** Call after the queue has stopped: waits for acknowledgements and leaves the consumer group. */
  leaveGroup(): Promise<void>;
}

interface Message {
  readonly id: string;
  readonly message: Readonly<Record<string, string>>;
}

/** A consumer that was idle for this many times `abandonedRecordMs` has ended. */
const GONE_AFTER = 60;

/** What Redis answers when its data were removed: to a read, to a read that was waiting, and to a question. */
const GROUP_IS_GONE = /^(NOGROUP|UNBLOCKED|ERR no such key)/;

const STREAMS = Array.from({ length: PARTITIONS }, (_, partition) => ({
  partition,
  key: toStreamName(partition),
}));

export function createStreamReader(deps: StreamReaderDeps): StreamReader {
  const { reading, redis, queue, consumer, limits, onError } = deps;
  const pending = new Set<string>();
  const acknowledging = new Set<Promise<void>>();

  /** Skips records that are pending here, so that a record read twice is acknowledged once. */
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
      if (!reading.isConnected || pending.size >= limits.pendingRecords) {
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
      if (!redis.isConnected) {
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
        // A live consumer reads every second and rejoins the group by reading.
        await forgetConsumers(redis, key, ({ idle }) => idle > GONE_AFTER * limits.abandonedRecordMs);
      }
      return hasMore && pending.size < limits.pendingRecords;
    },

    async leaveGroup() {
      await Promise.all(acknowledging);
      if (redis.isConnected) {
        await Promise.all(
          STREAMS.map(({ key }) => forgetConsumers(redis, key, ({ name }) => name === consumer)),
        );
      }
    },
  };
}

/** Deletes consumers without pending records; deleting one with pending records would lose them. */
async function forgetConsumers(
  redis: Redis,
  key: string,
  isGone: (consumer: { readonly name: string; readonly idle: number }) => boolean,
): Promise<void> {
  const consumers = await sendGroupCommand(redis, () => redis.xInfoConsumers(key, WORKER_GROUP));
  for (const { name, idle, pending } of consumers ?? []) {
    if (pending === 0 && isGone({ name, idle })) {
      await sendCommand(() => redis.xGroupDelConsumer(key, WORKER_GROUP, name));
    }
  }
}

/** Null when the consumer group did not exist; it is created. */
async function sendGroupCommand<T>(redis: Redis, command: () => Promise<T>): Promise<T | null> {
  try {
    return await sendCommand(command);
  } catch (error) {
    if (isReply(error, GROUP_IS_GONE)) {
      await createGroups(redis);
      return null;
    }
    throw error;
  }
}

/**
 * Creates the group at the beginning of each stream, so that records relayed before the first reader are read
 * too.
 */
async function createGroups(redis: Redis): Promise<void> {
  for (const { key } of STREAMS) {
    try {
      await sendCommand(() => redis.xGroupCreate(key, WORKER_GROUP, '0', { MKSTREAM: true }));
    } catch (error) {
      if (!isReply(error, /^BUSYGROUP/)) {
        throw error;
      }
    }
  }
}

function isReply(error: unknown, message: RegExp): boolean {
  return error instanceof ErrorReply && message.test(error.message);
}
