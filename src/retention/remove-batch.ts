/** What removing one batch of rows is given and answers, for every kind of rows. */
import { sql } from 'kysely';
import type { Transaction } from '../store/database.ts';

/** The last row that was looked at: its time as text, and its id. */
export interface Place {
  readonly at: string;
  readonly id: string;
}

export interface Batch {
  /** The present, as text. */
  readonly now: string;
  /** Rows from before this time are not kept; text. */
  readonly horizon: string;
  /** Undefined: at the oldest row. */
  readonly after: Place | undefined;
  /** Rows that are looked at, at most. */
  readonly limit: number;
}

export interface RemovedBatch {
  readonly removed: number;
  /** Where the next batch begins; undefined: no row from before the horizon is left to look at. */
  readonly next: Place | undefined;
}

/** Removes rows of one kind from before the horizon. */
export type RemoveBatch = (tx: Transaction, batch: Batch) => Promise<RemovedBatch>;

/** A row from before the horizon, and whether it goes or is still needed. */
export interface OldRow {
  readonly id: string;
  readonly at: string;
  readonly goes: boolean;
}

const BEFORE_ALL: Place = { at: '-infinity', id: '00000000-0000-0000-0000-000000000000' };

/** A condition on the time and the id of rows: before the horizon, and after the place. */
export function isInBatch(at: string, { horizon, after = BEFORE_ALL }: Batch) {
  return sql`${sql.ref(at)} < ${horizon}::timestamptz
    and (${sql.ref(at)}, id) > (${after.at}::timestamptz, ${after.id}::uuid)`;
}

/** The ids that go, and the place after the rows, which are in the order of the batch. */
export function divide(rows: readonly OldRow[], { limit }: Batch) {
  const last = rows.length === limit ? rows.at(-1) : undefined;
  return {
    ids: rows.filter(({ goes }) => goes).map(({ id }) => id),
    next: last && { at: last.at, id: last.id },
  };
}
