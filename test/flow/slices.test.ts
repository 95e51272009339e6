/** Long work is done in slices, and other work has its turns. */
import { describe, expect, test } from 'vitest';
import { inSlices, mapInSlices } from '../../src/flow/slices.ts';

const ITEMS = Array.from({ length: 60 }, (_, index) => index);

/** Takes this long of the processor. */
function work(forMs: number): void {
  const untilMs = performance.now() + forMs;
  while (performance.now() < untilMs) {
    // Busy.
  }
}

/** Counts the turns of the event loop until it is stopped. */
function countTurns() {
  let turns = 0;
  let isStopped = false;
  const count = () => {
    turns += 1;
    if (!isStopped) {
      setImmediate(count);
    }
  };
  setImmediate(count);
  return {
    stop() {
      isStopped = true;
      return turns;
    },
  };
}

describe('work in slices', () => {
  test('has the results of all items in their order', async () => {
    expect(await mapInSlices(ITEMS, (item) => item * 2)).toEqual(ITEMS.map((item) => item * 2));
  });

  test('leaves a turn to others between slices', async () => {
    const turns = countTurns();
    await mapInSlices(ITEMS, () => work(1));

    // At most three items of a millisecond fit into a slice.
    expect(turns.stop()).toBeGreaterThan(ITEMS.length / 4);
  });

  test('of several callers is done one slice in each turn, by turns', async () => {
    const order: string[] = [];
    const started = (name: string) =>
      mapInSlices(ITEMS.slice(0, 6), () => {
        work(3);
        order.push(name);
      });
    const turns = countTurns();
    await Promise.all([started('a'), started('b')]);

    expect(order.join('')).toBe('abababababab');
    expect(turns.stop()).toBeGreaterThanOrEqual(10);
  });

  test('that is short is done at once', async () => {
    const turns = countTurns();
    const seen: number[] = [];
    for await (const item of inSlices(ITEMS)) {
      seen.push(item);
    }

    expect(seen).toEqual(ITEMS);
    expect(turns.stop()).toBe(0);
  });
});
