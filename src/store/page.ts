/** Keyset pagination: reads one page of a list, at the same cost for every page. */
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { type RawBuilder, sql } from 'kysely';
import { instantOfField, instantToText } from '../values/instant.ts';
import type { Transaction } from './database.ts';
import { decodePageToken, encodePageToken, type PageKey, type PageKeyKind } from './page-token.ts';

/** The page fields of a request. */
export interface PageRequest {
  /** 0: the default. */
  readonly pageSize: number;
  /** Empty: the first page. */
  readonly pageToken: string;
}

/** A list in the total order of `keyOf`. */
export interface KeysetList<Row, K extends readonly PageKeyKind[]> {
  /** What the page token is bound to; see encodePageToken. */
  readonly filter: readonly string[];
  readonly keyKinds: K;
  readonly defaultPageSize: number;
  keyOf(row: Row): PageKey<K>;
  /** At most `limit` rows after `after`, or from the start. */
  rows(after: PageKey<K> | undefined, limit: number): Promise<Row[]>;
  /** Null when the caller did not ask for a costly count; the page then says 0. */
  readonly count: (() => Promise<number>) | null;
}

export interface Page<Row> {
  readonly rows: Row[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
  /** 0 when it was not counted. */
  readonly totalSize: number;
}

/** Throws PAGE_TOKEN_INVALID when the token does not belong to this list and filter. */
export async function readPage<Row, const K extends readonly PageKeyKind[]>(
  list: KeysetList<Row, K>,
  { pageSize, pageToken }: PageRequest,
): Promise<Page<Row>> {
  const after = decodePageToken(pageToken, list.filter, list.keyKinds);
  const limit = pageSize || list.defaultPageSize;
  const found = await list.rows(after, limit + 1);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const nextPageToken = last && found.length > limit ? encodePageToken(list.filter, list.keyOf(last)) : '';
  return { rows, nextPageToken, totalSize: list.count ? await list.count() : 0 };
}

/** The rows after this key, for lists that are ordered by name, then id. */
export function isAfterNameAndId([name, id]: readonly [string, string]) {
  return { $or: [{ name: { $gt: name } }, { name, id: { $gt: id } }] };
}

/**
 * The conditions that a list's filters state, and the same as texts, for the page token to be bound to. Starts with the
 * account; each filter that is set narrows it.
 */
export class Narrowing {
  readonly filter: string[];
  readonly #conditions: RawBuilder<unknown>[];

  constructor(method: string, ofAccount: RawBuilder<unknown>, accountId: string) {
    this.filter = [method, accountId];
    this.#conditions = [ofAccount];
  }

  get where(): RawBuilder<unknown> {
    return sql.join(this.#conditions, sql` and `);
  }

  /** `value` as the caller gave it; empty: not asked for. */
  by(value: string, condition: RawBuilder<unknown>): this {
    this.filter.push(value);
    if (value !== '') {
      this.#conditions.push(condition);
    }
    return this;
  }

  /** From `startTime` until before `endTime`. VALIDATION_FAILED for what is no time. */
  during(column: RawBuilder<unknown>, asked: { startTime?: Timestamp; endTime?: Timestamp }): this {
    const { startTime, endTime } = asked;
    const start = startTime ? instantToText(instantOfField(startTime, 'start_time')) : '';
    const end = endTime ? instantToText(instantOfField(endTime, 'end_time')) : '';
    return this.by(start, sql`${column} >= ${start}::timestamptz`).by(
      end,
      sql`${column} < ${end}::timestamptz`,
    );
  }

  async count(tx: Transaction, from: RawBuilder<unknown>): Promise<number> {
    const { rows } = await sql<{ count: string }>`
      select count(*) from ${from} where ${this.where}`.execute(tx.sql);
    return Number(rows[0]?.count);
  }
}
