/** Reads the Redis streams from their beginning, as another service would, and keeps the records. */
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { toStreamName } from '../../src/events/redis/stream-record.ts';
import { PARTITIONS } from '../../src/store/lock-partition.ts';
import type { RelayedRecord } from './run-history.ts';

export interface RelayedRecords {
  readonly records: readonly RelayedRecord[];
  /** Reads the remaining records, and resolves when the connection is closed. */
  close(): Promise<void>;
}

const PAUSE_MS = 300;
const PAGE = 5_000;

export async function followRelayedRecords(url: string): Promise<RelayedRecords> {
  const client = createClient({ url, RESP: 2 });
  client.on('error', () => {});
  await client.connect();
  const records: RelayedRecord[] = [];
  const streams = Array.from({ length: PARTITIONS }, (_, partition) => ({
    key: toStreamName(partition),
    id: '0',
  }));
  let isStopping = false;

  async function readAll(): Promise<void> {
    for (;;) {
      const read = await client.xRead(
        streams.map(({ key, id }) => ({ key, id })),
        { COUNT: PAGE },
      );
      if (!read) {
        return;
      }
      for (const { name, messages } of read) {
        for (const { id, message } of messages) {
          const { id: eventId = '', subject = '', sequence, position } = message;
          records.push({
            id: eventId,
            userId: subject,
            sequence: Number(sequence),
            position: Number(position),
          });
          const stream = streams.find(({ key }) => key === name);
          if (stream) {
            stream.id = id;
          }
        }
      }
    }
  }

  const following = (async () => {
    while (!isStopping) {
      await readAll();
      await delay(PAUSE_MS);
    }
    await readAll();
    client.destroy();
  })();
  return {
    records,
    async close() {
      isStopping = true;
      await following;
    },
  };
}
