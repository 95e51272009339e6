/** Keyset pagination: reads one page of a list at the same cost for every page, and its opaque page tokens. */
import { createHash } from 'node:crypto';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { type RawBuilder, sql } from 'kysely';
import { validate as isUuid } from 'uuid';
import { DomainError } from '../errors/domain-error.ts';
import { type Instant, instantFromText, instantOfField, instantToText } from '../values/instant.ts';
import type { Transaction } from './database.ts';

/** A value of the sort key. */
export type PageKeyValue = string | number | bigint;

interface PageKeyTypes {
  text: string;
  uuid: string;
  integer: number;
  /** A PostgreSQL bigint up to 2^63, as text. */
  serial: string;
  /** An Instant. */
  instant: Instant;
}

/** The type of a key value. */
export type PageKeyKind = keyof PageKeyTypes;

/** The key that `kinds` describe, such as `['text', 'uuid']` → `[string, string]`. */
type PageKey<K extends readonly PageKeyKind[]> = { [I in keyof K]: PageKeyTypes[K[I]] };

const FINGERPRINT_BYTES = 9;
const INTEGER_PATTERN = /^-?\d{1,10}$/;
const MOST_INTEGER = 2 ** 31 - 1;
const SERIAL_PATTERN = /^\d{1,18}$/;

/**
 * The token for the page after the row with this key. `filter` is everything that determines the rows and
 * their order: the method's name, the account, and the value of each filter.
 */
export function encodePageToken(filter: readonly string[], key: readonly PageKeyValue[]): string {
  const texts = key.map(textOfKey);
  return Buffer.from(JSON.stringify([fingerprintOf(filter, texts), ...texts])).toString('base64url');
}

/** As PostgreSQL reads it. */
export function textOfKey(value: PageKeyValue): string {
  return typeof value === 'bigint' ? instantToText(value) : String(value);
}

/**
 * The key in a token; undefined for the empty token of a first page. Throws PAGE_TOKEN_INVALID for any text
 * that `encodePageToken` did not make from the same filter and a key of these kinds.
 */
export function decodePageToken<const K extends readonly PageKeyKind[]>(
  token: string,
  filter: readonly string[],
  kinds: K,
): PageKey<K> | undefined {
  if (token === '') {
    return undefined;
  }
  const [fingerprint, ...texts] = readTexts(token);
  if (fingerprint !== fingerprintOf(filter, texts) || texts.length !== kinds.length) {
    throw pageTokenInvalid();
  }
  const key: unknown = kinds.map((kind, position) => readValue(kind, texts[position] ?? ''));
  return key as PageKey<K>;
}

function readTexts(token: string): string[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (Array.isArray(value) && value.every((text) => typeof text === 'string')) {
      return value;
    }
  } catch {
    // Text that is not JSON is refused below, like JSON of another shape.
  }
  throw pageTokenInvalid();
}

/** PostgreSQL casts these values, so a forged token must not contain a value that it cannot cast. */
function readValue(kind: PageKeyKind, text: string): PageKeyValue {
  switch (kind) {
    case 'text':
      return text.includes('\0') ? refuse() : text;
    case 'uuid':
      return isUuid(text) ? text : refuse();
    case 'integer':
      return INTEGER_PATTERN.test(text) && Math.abs(Number(text)) <= MOST_INTEGER ? Number(text) : refuse();
    case 'serial':
      return SERIAL_PATTERN.test(text) ? text : refuse();
    case 'instant':
      try {
        return instantFromText(text);
      } catch {
        return refuse();
      }
  }
}

function refuse(): never {
  throw pageTokenInvalid();
}

function fingerprintOf(filter: readonly string[], key: readonly string[]): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([filter, key]))
    .digest();
  return digest.subarray(0, FINGERPRINT_BYTES).toString('base64url');
}

function pageTokenInvalid(): DomainError {
  return new DomainError('PAGE_TOKEN_INVALID', 'the page token is not from this list with this filter');
}

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
 * The conditions of a list's filters, and the same as texts, to which the page token is bound. Starts with the account;
 * each filter that is set narrows the list.
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

  /** Adds a filter. `value` as the caller gave it; empty: no filter. */
  by(value: string, condition: RawBuilder<unknown>): this {
    this.filter.push(value);
    if (value !== '') {
      this.#conditions.push(condition);
    }
    return this;
  }

  /** From `startTime` until before `endTime`. VALIDATION_FAILED for an invalid time. */
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
