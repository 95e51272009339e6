/** Reads events as soon as they are in the log, and measures the delay since their acceptance. */
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Database } from '../src/store/database.ts';
import { instantFromText } from '../src/values/instant.ts';
import { systemClock } from '../src/values/system-clock.ts';
import { ACCOUNT_ID } from './fixture.ts';

export interface SeenEvents {
  /** How often each event is in the log, by id. */
  readonly counts: ReadonlyMap<string, number>;
  /** When each of them could first be read, in milliseconds since 1970. */
  readonly seenAtMs: ReadonlyMap<string, number>;
  /** From when the service recorded it to when it could be read. */
  readonly delaysMs: readonly number[];
  stop(): Promise<void>;
}

const POLL_MS = 10;

/**
 * Follows the benchmark's account from now on. Reads again what transactions that were open at the last read may have
 * added.
 */
export function followLog(database: Database): SeenEvents {
  const counts = new Map<string, number>();
  const seenAtMs = new Map<string, number>();
  const delaysMs: number[] = [];
  const known = new Set<string>();
  let from: string | undefined;
  let isOver = false;

  async function look(): Promise<void> {
    await database.transaction(ACCOUNT_ID, async (tx) => {
      const { rows: ends } = await sql<{ oldest: string }>`
        select pg_snapshot_xmin(pg_current_snapshot())::text as oldest`.execute(tx.sql);
      const oldest = `${ends[0]?.oldest}`;
      const { rows } = await sql<{ id: string; place: string; recorded_at: string }>`
        select id, ctid::text as place, recorded_at from events
        where account_id = ${ACCOUNT_ID} and transaction_id >= ${from ?? oldest}::xid8
          and type = 'payment_received'`.execute(tx.sql);
      from = oldest;
      const now = systemClock();
      for (const { id, place, recorded_at } of rows) {
        if (!known.has(place)) {
          known.add(place);
          counts.set(id, (counts.get(id) ?? 0) + 1);
          if (!seenAtMs.has(id)) {
            seenAtMs.set(id, Number(now) / 1000);
          }
          delaysMs.push(Number(now - instantFromText(recorded_at)) / 1000);
        }
      }
    });
  }

  const run = (async () => {
    while (!isOver) {
      await look();
      await delay(POLL_MS);
    }
  })();
  return {
    counts,
    seenAtMs,
    delaysMs,
    async stop() {
      isOver = true;
      await run;
    },
  };
}
