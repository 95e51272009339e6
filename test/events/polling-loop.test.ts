/**
 * The polling loop: no pause while there is more work, a pause when there is none, a backoff after failures.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Polling, startPolling } from '../../src/events/polling-loop.ts';
import { setBackoffShare, useLongestBackoffs } from '../support/backoff-share.ts';

const INTERVAL_MS = 100;

useLongestBackoffs();
let polling: Polling | undefined;
beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
afterEach(async () => {
  await polling?.stop();
  vi.useRealTimers();
});

function start(work: () => Promise<boolean>, onError: (error: unknown) => void = () => expect.fail()) {
  polling = startPolling({ intervalMs: INTERVAL_MS, work, onError });
  return polling;
}

/** Work with `count` pieces. */
function createWork(count: number) {
  let left = count;
  return vi.fn(async () => {
    left -= 1;
    return left > 0;
  });
}

describe('polled work', () => {
  test('starts at once, and repeats after the interval', async () => {
    const work = createWork(0);
    start(work);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(INTERVAL_MS - 1);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(work).toHaveBeenCalledTimes(2);
  });

  test('continues without a pause while there is more', async () => {
    const work = createWork(5);
    start(work);
    await vi.waitFor(() => expect(work).toHaveBeenCalledTimes(5));
    expect(vi.getTimerCount()).toBe(1);
  });

  test('rests longer while it is idle, until it is woken', async () => {
    const work = createWork(0);
    polling = startPolling({
      intervalMs: INTERVAL_MS,
      idleMs: 50 * INTERVAL_MS,
      work,
      onError: () => expect.fail(),
    });
    await vi.advanceTimersByTimeAsync(10 * INTERVAL_MS);
    expect(work).toHaveBeenCalledTimes(1);
    polling.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(work).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(50 * INTERVAL_MS);
    expect(work).toHaveBeenCalledTimes(3);
  });

  test('that is woken while it runs repeats after the interval', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const work = vi.fn(() => promise);
    polling = startPolling({
      intervalMs: INTERVAL_MS,
      idleMs: 50 * INTERVAL_MS,
      work,
      onError: () => expect.fail(),
    });
    polling.wake();
    resolve(false);
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(work).toHaveBeenCalledTimes(2);
  });

  test('never overlaps with itself', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const work = vi.fn(() => promise);
    start(work);
    await vi.advanceTimersByTimeAsync(10 * INTERVAL_MS);
    expect(work).toHaveBeenCalledTimes(1);
    resolve(false);
  });
});

describe('a failure of polled work', () => {
  test('is reported, and the work continues', async () => {
    const failure = new Error('no database');
    const work = vi.fn().mockRejectedValueOnce(failure).mockResolvedValue(false);
    const onError = vi.fn();
    start(work, onError);
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(onError.mock.calls).toEqual([[failure]]);
    expect(work).toHaveBeenCalledTimes(2);
  });

  /** Returns the pauses before the 2nd to 11th piece of work, of which the first eight fail. */
  async function pausesAfterFailures(): Promise<number[]> {
    const at: number[] = [];
    let failures = 0;
    const work = async () => {
      at.push(Date.now());
      failures += 1;
      if (failures === 9) {
        return false;
      }
      throw new Error('again');
    };
    start(work, () => {});
    await vi.advanceTimersByTimeAsync(30_000);
    return at.slice(1, 11).map((ms, index) => ms - (at[index] ?? 0));
  }

  test('after another doubles the maximum pause up to five seconds, until a success', async () => {
    const pauses = await pausesAfterFailures();
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 100, 100]);
  });

  test('is followed by a random part of the maximum pause, and at least the interval', async () => {
    setBackoffShare(0.25);
    const pauses = await pausesAfterFailures();
    expect(pauses).toEqual([100, 100, 100, 200, 400, 800, 1250, 1250, 100, 100]);
  });
});

describe('stopping a polling loop', () => {
  test('waits for the running piece, and starts no further one', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const work = vi.fn(() => promise);
    let isStopped = false;
    const stopped = start(work)
      .stop()
      .then(() => {
        isStopped = true;
      });
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(isStopped).toBe(false);
    resolve(true);
    await stopped;
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(work).toHaveBeenCalledTimes(1);
  });

  test('does not wait for a pause', async () => {
    const work = createWork(0);
    const running = start(work);
    await vi.advanceTimersByTimeAsync(1);
    await running.stop();
    expect(work).toHaveBeenCalledTimes(1);
  });
});
