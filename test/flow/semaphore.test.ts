/** The semaphore: order, turns over keys, timeouts, the limit of waiters, and aborted callers. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createSemaphore, NoSlotError, type SemaphoreLimits } from '../../src/flow/semaphore.ts';

const LONG_MS = 60_000;

/** Callers by name, whose key is the first letter; `served` has them in the order in which they got their slots. */
function createTestSemaphore(limits: SemaphoreLimits) {
  const semaphore = createSemaphore(limits);
  const served: string[] = [];
  const releases = new Map<string, () => void>();
  return {
    semaphore,
    served,
    async call(...names: readonly string[]) {
      for (const name of names) {
        void semaphore.acquire(name.slice(0, 1)).then((release) => {
          served.push(name);
          releases.set(name, release);
        });
      }
      await nextTurn();
    },
    async end(...names: readonly string[]) {
      for (const name of names) {
        releases.get(name)?.();
        await nextTurn();
      }
    },
  };
}

describe('callers of one key', () => {
  test('get as many slots as there are, and then one for each released slot, in order', async () => {
    const { semaphore, served, call, end } = createTestSemaphore({ slots: 2 });
    await call('a1', 'a2', 'a3', 'a4', 'a5');
    expect([served, semaphore.waiting()]).toEqual([['a1', 'a2'], 3]);

    await end('a2');
    expect([served, semaphore.waiting()]).toEqual([['a1', 'a2', 'a3'], 2]);

    await end('a1', 'a3');
    expect([served, semaphore.waiting()]).toEqual([['a1', 'a2', 'a3', 'a4', 'a5'], 0]);
  });

  test('cannot overtake waiting callers', async () => {
    const { semaphore, served, call, end } = createTestSemaphore({ slots: 1 });
    await call('a1', 'a2');
    const ended = end('a1');
    const latest = semaphore.acquire('a').then(() => served.push('a3'));
    await ended;
    expect(served).toEqual(['a1', 'a2']);
    await end('a2');
    await latest;
    expect(served).toEqual(['a1', 'a2', 'a3']);
  });

  test('release a slot once, also when they call release again', async () => {
    const { served, call, end } = createTestSemaphore({ slots: 1 });
    await call('a1', 'a2', 'a3');
    await end('a1', 'a1', 'a1');
    expect(served).toEqual(['a1', 'a2']);
  });
});

describe('keys', () => {
  test('take turns, however many callers of one key wait', async () => {
    const { served, call, end } = createTestSemaphore({ slots: 1 });
    await call('a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1');
    await end('a1', 'a2', 'b1', 'c1', 'a3', 'b2');
    expect(served).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  });

  test('have a number of slots each, and leave the others free', async () => {
    const { served, call, end } = createTestSemaphore({ slots: 3, slotsPerKey: 2 });
    await call('a1', 'a2', 'a3', 'b1', 'b2');
    expect(served).toEqual(['a1', 'a2', 'b1']);

    await end('b1');
    expect(served).toEqual(['a1', 'a2', 'b1', 'b2']);
    await end('b2');
    expect(served).toEqual(['a1', 'a2', 'b1', 'b2']);
    await end('a1');
    expect(served).toEqual(['a1', 'a2', 'b1', 'b2', 'a3']);
  });

  test('that return wait for one turn of each waiting key', async () => {
    const { served, call, end } = createTestSemaphore({ slots: 1 });
    await call('a1', 'b1', 'b2', 'b3');
    await end('a1');
    await call('a2');
    await end('b1', 'b2', 'a2');
    expect(served).toEqual(['a1', 'b1', 'b2', 'a2', 'b3']);
  });
});

describe('a caller', () => {
  test('is refused at once when too many wait, unless it is exempt', async () => {
    const { semaphore, served, call, end } = createTestSemaphore({ slots: 1, waiters: 1 });
    expect(semaphore.isFull('a')).toBe(false);
    await call('a1', 'a2');

    expect(semaphore.isFull('a')).toBe(true);
    await expect(semaphore.acquire('b')).rejects.toMatchObject({ exceeded: 'waiters', most: 1 });
    const exempt = semaphore.acquire('a', { mayExceedWaiters: true }).then(() => served.push('a3'));
    await end('a1', 'a2');
    await exempt;
    expect(served).toEqual(['a1', 'a2', 'a3']);
  });

  test('is refused when too many of its key wait, while another key has room', async () => {
    const { semaphore, served, call, end } = createTestSemaphore({ slots: 1, waiters: 3, waitersPerKey: 2 });
    await call('a1', 'a2', 'a3');

    await expect(semaphore.acquire('a')).rejects.toMatchObject({ exceeded: 'waitersPerKey', most: 2 });
    expect([semaphore.isFull('a'), semaphore.isFull('b')]).toEqual([true, false]);
    await call('b1');
    expect(semaphore.isFull('b')).toBe(true);
    await end('a1', 'a2');
    expect(served).toEqual(['a1', 'a2', 'b1']);
  });

  test('with a free slot of its key is never refused', async () => {
    const { semaphore, call } = createTestSemaphore({ slots: 2, slotsPerKey: 1, waiters: 1 });
    await call('a1', 'a2');
    expect([semaphore.isFull('a'), semaphore.isFull('b')]).toEqual([true, false]);
    await semaphore.acquire('b');
  });

  test('that waited too long is refused, and the slot goes to another caller', async () => {
    const { semaphore, call, end } = createTestSemaphore({ slots: 1 });
    await call('a1');
    const beganAtMs = performance.now();

    const refused = semaphore.acquire('a', { timeoutMs: 200 });
    await expect(refused).rejects.toBeInstanceOf(NoSlotError);
    await expect(refused).rejects.toMatchObject({ exceeded: 'timeoutMs', most: 200 });
    expect(performance.now() - beganAtMs).toBeGreaterThanOrEqual(190);
    expect(semaphore.waiting()).toBe(0);
    await end('a1');
    await semaphore.acquire('a', { timeoutMs: LONG_MS });
  });

  test('that aborts while it waits leaves the queue, and one that has aborted gets no slot', async () => {
    const { semaphore, call, end } = createTestSemaphore({ slots: 1 });
    await call('a1');
    const reason = new Error('the caller went away');
    const caller = new AbortController();
    const waiting = semaphore.acquire('a', { signal: caller.signal, timeoutMs: LONG_MS });
    caller.abort(reason);

    await expect(waiting).rejects.toBe(reason);
    expect(semaphore.waiting()).toBe(0);
    await end('a1');
    await expect(semaphore.acquire('a', { signal: caller.signal })).rejects.toBe(reason);
    await semaphore.acquire('a');
  });

  test('that has its slot keeps it when its signal is aborted or its time is over', async () => {
    const { semaphore, served, call } = createTestSemaphore({ slots: 1 });
    const caller = new AbortController();
    const first = await semaphore.acquire('a', { signal: caller.signal });
    const second = semaphore.acquire('a', { signal: caller.signal, timeoutMs: 20 });
    first();
    await second;
    caller.abort();
    await new Promise((resolve) => setTimeout(resolve, 30));
    await call('a1');
    expect([served, semaphore.waiting()]).toEqual([[], 1]);
  });
});

describe('callers with a weight', () => {
  /** Callers by name, whose key is the first letter and whose weight the last. */
  function createWeighted(limits: SemaphoreLimits) {
    const semaphore = createSemaphore(limits);
    const served: string[] = [];
    const releases = new Map<string, () => void>();
    return {
      semaphore,
      served,
      async call(...names: readonly string[]) {
        for (const name of names) {
          void semaphore.acquire(name.slice(0, 1), { weight: Number(name.at(-1)) }).then((release) => {
            served.push(name);
            releases.set(name, release);
          });
        }
        await nextTurn();
      },
      async end(name: string) {
        releases.get(name)?.();
        await nextTurn();
      },
    };
  }

  test('take as many slots, and the key whose turn it is is not overtaken by lighter ones', async () => {
    const { served, call, end } = createWeighted({ slots: 4 });
    await call('a3', 'b4', 'c1', 'd1');
    expect(served).toEqual(['a3']);

    await end('a3');
    expect(served).toEqual(['a3', 'b4']);
    await end('b4');
    expect(served).toEqual(['a3', 'b4', 'c1', 'd1']);
  });

  test('leave the others their slots, and take at most all of their key', async () => {
    const { semaphore, served, call, end } = createWeighted({ slots: 4, slotsPerKey: 2 });
    await call('a9', 'a1', 'b2');
    expect([served, semaphore.isIdle('a'), semaphore.isIdle('c')]).toEqual([['a9', 'b2'], false, true]);

    await end('a9');
    expect(served).toEqual(['a9', 'b2', 'a1']);
  });
});
