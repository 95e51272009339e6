/** Page tokens: opaque positions in a list, bound to the list and its filter. */
import { createHash } from 'node:crypto';
import { validate as isUuid } from 'uuid';
import { DomainError } from '../errors/domain-error.ts';
import { type Instant, instantFromText, instantToText } from '../values/instant.ts';

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
export type PageKey<K extends readonly PageKeyKind[]> = { [I in keyof K]: PageKeyTypes[K[I]] };

const FINGERPRINT_BYTES = 9;
const INTEGER_PATTERN = /^-?\d{1,10}$/;
const MOST_INTEGER = 2 ** 31 - 1;
const SERIAL_PATTERN = /^\d{1,18}$/;

/**
 * The token for the page after the row with this key. `filter` is everything that determines the rows and
 * their order: the method's name, the account, and the value of each filter.
 */
export function encodePageToken(filter: readonly string[], key: readonly PageKeyValue[]): string {
  const texts = key.map((value) => (typeof value === 'bigint' ? instantToText(value) : String(value)));
  return Buffer.from(JSON.stringify([fingerprintOf(filter, texts), ...texts])).toString('base64url');
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
