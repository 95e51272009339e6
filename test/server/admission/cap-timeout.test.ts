/** Timeouts beyond what a timer can wait. */
import { expect, test } from 'vitest';
import { capTimeout, LONGEST_TIMEOUT_MS } from '../../../src/server/admission/cap-timeout.ts';

test.each([
  ['grpc-timeout', '5S', '5S'],
  ['grpc-timeout', '2147483S', '2147483S'],
  ['grpc-timeout', '2147484S', '2147483S'],
  ['grpc-timeout', '99999999H', '2147483S'],
  ['grpc-timeout', 'soon', 'soon'],
  ['connect-timeout-ms', '5000', '5000'],
  ['connect-timeout-ms', '2147483000', '2147483000'],
  ['connect-timeout-ms', '2147483001', '2147483000'],
  ['connect-timeout-ms', '9999999999', '2147483000'],
])('%s %s becomes %s', (name, brought, kept) => {
  const header = new Headers({ [name]: brought });
  capTimeout(header);
  expect(header.get(name)).toBe(kept);
});

test('a call without a timeout gets none', () => {
  const header = new Headers();
  capTimeout(header);
  expect([...header]).toEqual([]);
});

test('the longest timeout fits in a timer', () => {
  expect(LONGEST_TIMEOUT_MS).toBeLessThan(2 ** 31);
});
