/** Reads the Redis streams from their beginning, as another service would, and keeps the records. */
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { toStreamName } from '../../src/events/redis/stream-record.ts';
import { PARTITIONS } from '../../src/store/lock-partition.ts';
import type { RelayedRecord } from './run-history.ts';

export interface RelayedRecords {
  readonly records: readonly RelayedRecord[];
  /** Reads what is there, and removes everything from Redis in the same transaction. */
  flush(): Promise<void>;
  /** Reads what is there while no server can write, then replaces Redis by `replace`, and reads from the beginning. */
  replaced(replace: () => Promise<void>): Promise<void>;
  /** Redis refuses to store more for `durationMs`, for want of memory. */
  refuseWrites(durationMs: number): Promise<void>;
  /** Reads the remaining records, and resolves when the connection is closed. */
  close(): Promise<void>;
}

const PAUSE_MS = 300;
const PAGE = 5_000;
const WRITES_PAUSED_MS = 10_000;

interface Read {
  readonly name: string;
  readonly messages: readonly { readonly id: string; readonly message: Record<string, string> }[];
}

export async function followRelayedRecords(url: string): Promise<RelayedRecords> {
  const connect = () =>
    createClient({ url, RESP: 2 })
      .on('error', () => {})
      .connect();
  let client = await connect();
  const records: RelayedRecord[] = [];
  const streams = Array.from({ length: PARTITIONS }, (_, partition) => ({
    key: toStreamName(partition),
    id: '0',
  }));
  const positions = () => streams.map(({ key, id }) => ({ key, id }));
  let isStopping = false;
  /** One reader at a time. */
  let latest: Promise<unknown> = Promise.resolve();
  function inTurn(work: () => Promise<void>): Promise<void> {
    const turn = latest.then(work);
    latest = turn.catch(() => {});
    return turn;
  }

  function keep(read: readonly Read[]): void {
    for (const { name, messages } of read) {
      for (const { id, message } of messages) {
        const { id: eventId = '', subject = '', sequence, position, recordedtime = '' } = message;
        records.push({
          ...{ id: eventId, userId: subject, sequence: Number(sequence), position: Number(position) },
          recordedAtMs: Date.parse(recordedtime),
          // The first part of a stream's id is the time of the record.
          atMs: Number.parseInt(id, 10),
        });
        const stream = streams.find(({ key }) => key === name);
        if (stream) {
          stream.id = id;
        }
      }
    }
  }

  async function readAll(): Promise<void> {
    for (;;) {
      const read = await client.xRead(positions(), { COUNT: PAGE });
      if (!read) {
        return;
      }
      keep(read as unknown as readonly Read[]);
    }
  }

  function startAnew(): void {
    for (const stream of streams) {
      stream.id = '0';
    }
  }

  const following = (async () => {
    while (!isStopping) {
      await inTurn(readAll);
      await delay(PAUSE_MS);
    }
    await inTurn(readAll);
    client.destroy();
  })();
  following.catch(() => {});
  return {
    records,
    flush: () =>
      inTurn(async () => {
        const [read] = await client.multi().xRead(positions()).flushAll().exec();
        keep((read ?? []) as unknown as readonly Read[]);
        startAnew();
      }),
    replaced: (replace) =>
      inTurn(async () => {
        await client.sendCommand(['CLIENT', 'PAUSE', `${WRITES_PAUSED_MS}`, 'WRITE']);
        await readAll();
        client.destroy();
        await replace();
        client = await connect();
        startAnew();
      }),
    async refuseWrites(durationMs) {
      await client.configSet('maxmemory', '1');
      await delay(durationMs);
      await client.configSet('maxmemory', '0');
    },
    async close() {
      isStopping = true;
      await following;
    },
  };
}
