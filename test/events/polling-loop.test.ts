/** The rhythm of background work: at once while there is more, a pause when there is not, longer ones after failures. */
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

/** Work of so many pieces, and then none. */
function piecesOf(count: number) {
  let left = count;
  return vi.fn(async () => {
    left -= 1;
    return left > 0;
  });
}

describe('work', () => {
  test('begins at once, and comes again after the interval', async () => {
    const work = piecesOf(0);
    start(work);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(INTERVAL_MS - 1);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(work).toHaveBeenCalledTimes(2);
  });

  test('goes on without a pause while there is more', async () => {
    const work = piecesOf(5);
    start(work);
    await vi.waitFor(() => expect(work).toHaveBeenCalledTimes(5));
    expect(vi.getTimerCount()).toBe(1);
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

describe('a failure', () => {
  test('is told, and the work goes on', async () => {
    const failure = new Error('no database');
    const work = vi.fn().mockRejectedValueOnce(failure).mockResolvedValue(false);
    const onError = vi.fn();
    start(work, onError);
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(onError.mock.calls).toEqual([[failure]]);
    expect(work).toHaveBeenCalledTimes(2);
  });

  /** The pauses before the 2nd to 11th piece of work, of which the first eight fail. */
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

  test('in a row doubles the longest pause, up to five seconds; success ends that', async () => {
    const pauses = await pausesAfterFailures();
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 100, 100]);
  });

  test('is followed by any share of the longest pause, but for at least the interval', async () => {
    setBackoffShare(0.25);
    const pauses = await pausesAfterFailures();
    expect(pauses).toEqual([100, 100, 100, 200, 400, 800, 1250, 1250, 100, 100]);
  });
});

describe('stopping', () => {
  test('waits for the running piece, and begins no other', async () => {
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
    const work = piecesOf(0);
    const running = start(work);
    await vi.advanceTimersByTimeAsync(1);
    await running.stop();
    expect(work).toHaveBeenCalledTimes(1);
  });
});
