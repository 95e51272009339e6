/** Keyset pagination: reads one page of a list, at the same cost for every page. */
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
