/** A list whose items are handled with limited concurrency. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { forEachConcurrently } from '../../src/flow/for-each-concurrently.ts';

/** Work on numbers that ends when the test says so. */
function createWork() {
  const begun: number[] = [];
  const ends = new Map<number, (error?: Error) => void>();
  return {
    begun,
    work(item: number) {
      begun.push(item);
      return new Promise<void>((resolve, reject) => {
        ends.set(item, (error) => (error ? reject(error) : resolve()));
      });
    },
    async end(item: number, error?: Error) {
      ends.get(item)?.(error);
      await nextTurn();
    },
  };
}

test('items begin up to the limit, and a further one when one ends', async () => {
  const { begun, work, end } = createWork();
  const all = forEachConcurrently([1, 2, 3, 4], { concurrency: 2 }, work);
  expect(begun).toEqual([1, 2]);
  await end(2);
  expect(begun).toEqual([1, 2, 3]);
  await end(1);
  await end(3);
  await end(4);
  await all;
  expect(begun).toEqual([1, 2, 3, 4]);
});

test('each item comes with its index', async () => {
  const seen: [string, number][] = [];
  await forEachConcurrently(['a', 'b', 'c'], { concurrency: 9 }, async (item, index) => {
    seen.push([item, index]);
  });
  expect(seen).toEqual([
    ['a', 0],
    ['b', 1],
    ['c', 2],
  ]);
});

test('an empty list ends at once', async () => {
  await forEachConcurrently([], { concurrency: 2 }, () => expect.fail());
});

test('after a failure no item begins, and the error is thrown when the running ones have ended', async () => {
  const { begun, work, end } = createWork();
  const failure = new Error('no database');
  let isOver = false;
  const all = forEachConcurrently([1, 2, 3, 4], { concurrency: 2 }, work).finally(() => {
    isOver = true;
  });
  const expected = expect(all).rejects.toBe(failure);
  await end(1, failure);
  expect([begun, isOver]).toEqual([[1, 2], false]);
  await end(2);
  await expected;
  expect(begun).toEqual([1, 2]);
});

test('when the signal is aborted no item begins, and the running ones are awaited', async () => {
  const { begun, work, end } = createWork();
  const stopping = new AbortController();
  const all = forEachConcurrently([1, 2, 3], { concurrency: 1, signal: stopping.signal }, work);
  stopping.abort();
  await end(1);
  await all;
  expect(begun).toEqual([1]);
});
