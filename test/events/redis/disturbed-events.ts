/** Events that are accepted before, during and after a fault of Redis, and what has to come of them. */
import { expect } from 'vitest';
import { toStreamName } from '../../../src/events/redis/stream-record.ts';
import type { Database } from '../../../src/store/database.ts';
import { PARTITIONS } from '../../../src/store/lock-partition.ts';
import { countOutbox, type EventSource, readLog } from '../../support/event-source.ts';

export const RECOVERY_MS = 90_000;
const AT_A_TIME = 20;

export interface DisturbedEvents {
  /** The ids of the events that Redis had confirmed before the fault. */
  readonly confirmed: readonly string[];
  readonly all: readonly string[];
}

/** Resolves when all events of the account are in the log once and none is in the outbox. */
export async function disturbEvents(
  database: Database,
  source: EventSource,
  fault: () => Promise<void>,
): Promise<DisturbedEvents> {
  const accepted: string[][] = [];
  const acceptSome = async () => {
    for (let n = 0; n < AT_A_TIME; n += 1) {
      accepted.push(await source.accept(n % source.userIds.length));
    }
  };
  await acceptSome();
  await expect.poll(() => countOutbox(database, source.accountId)).toBe(0);
  const confirmed = accepted.flat();
  await Promise.all([acceptSome(), fault()]);
  await acceptSome();
  const all = accepted.flat();
  const inLog = async () => (await readLog(database, source.accountId)).map(({ id }) => id);
  await expect.poll(async () => (await inLog()).length, { timeout: RECOVERY_MS }).toBe(all.length);
  expect(new Set(await inLog())).toEqual(new Set(all));
  await expect.poll(() => countOutbox(database, source.accountId), { timeout: RECOVERY_MS }).toBe(0);
  return { confirmed, all };
}

/** The ids of all records in the streams. */
export async function readStreamIds(reader: StreamReader): Promise<Set<string>> {
  const names = Array.from({ length: PARTITIONS }, (_, partition) => toStreamName(partition));
  const streams = await Promise.all(names.map((name) => reader.xRange(name, '-', '+')));
  return new Set(streams.flatMap((records) => records ?? []).map((record) => `${record?.message.id}`));
}

interface StreamReader {
  xRange(
    key: string,
    start: '-',
    end: '+',
  ): Promise<readonly ({ readonly message: { readonly [field: string]: string } } | null)[] | null>;
}
