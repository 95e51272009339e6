import { describe, expect, it } from 'vitest';
import { decodePageToken, encodePageToken } from '../../src/store/page.ts';
import { instantFromText } from '../../src/values/instant.ts';

const USER_ID = '01900000-0000-7000-8000-0000000000aa';
const FILTER = ['ListThings', 'account-1', 'red'];

/** A forged token of the right format. */
function forge(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

describe('page tokens', () => {
  it('decode to a key of every kind', () => {
    const appliedAt = instantFromText('2026-03-01T10:00:00.123456Z');
    const token = encodePageToken(FILTER, ['Ünïcode "name"', USER_ID, -7, appliedAt]);
    expect(decodePageToken(token, FILTER, ['text', 'uuid', 'integer', 'instant'])).toEqual([
      'Ünïcode "name"',
      USER_ID,
      -7,
      appliedAt,
    ]);
  });

  it('mean the first page when they are empty', () => {
    expect(decodePageToken('', FILTER, ['uuid'])).toBeUndefined();
  });

  it.each([
    ['another method', ['ListOthers', 'account-1', 'red']],
    ['another account', ['ListThings', 'account-2', 'red']],
    ['another filter value', ['ListThings', 'account-1', 'blue']],
    ['a filter value less', ['ListThings', 'account-1']],
    ['values shifted between fields', ['ListThings', 'account-1red', '']],
  ])('are refused under %s', (_case, filter) => {
    const token = encodePageToken(FILTER, [USER_ID]);
    expect(() => decodePageToken(token, filter, ['uuid'])).toThrow(
      expect.objectContaining({ reason: 'PAGE_TOKEN_INVALID' }),
    );
  });

  it.each([
    ['noise', '@@@@'],
    ['text that is no JSON', forge('hello')],
    ['JSON of another shape', forge({ a: 1 })],
    ['a list of other things', forge([1, 2])],
    ['an empty list', forge([])],
    ['a key without its fingerprint', forge(['', USER_ID])],
    ['a truncated token', encodePageToken(FILTER, [USER_ID]).slice(0, -4)],
  ])('are refused when they are %s', (_case, token) => {
    expect(() => decodePageToken(token, FILTER, ['uuid'])).toThrow(
      expect.objectContaining({ reason: 'PAGE_TOKEN_INVALID' }),
    );
  });

  it.each([
    ['uuid', 'not-a-uuid'],
    ['integer', '99999999999'],
    ['integer', '2147483648'],
    ['integer', '1e3'],
    ['instant', 'yesterday'],
    ['text', 'nul\0'],
  ] as const)('are refused when the %s in them is %j', (kind, value) => {
    expect(() => decodePageToken(encodePageToken(FILTER, [value]), FILTER, [kind])).toThrow(
      expect.objectContaining({ reason: 'PAGE_TOKEN_INVALID' }),
    );
  });

  it('are refused when the key has another length', () => {
    const token = encodePageToken(FILTER, ['a', USER_ID]);
    expect(() => decodePageToken(token, FILTER, ['text'])).toThrow(
      expect.objectContaining({ reason: 'PAGE_TOKEN_INVALID' }),
    );
  });
});
