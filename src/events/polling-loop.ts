/** Repeats background work: at once while there is more to do, else after a pause. */
import { backoffMs } from '../flow/backoff.ts';

export interface PollingOptions {
  /** The pause when there was nothing to do, and the minimum pause after a failure. */
  readonly intervalMs: number;
  /** The pause when there was nothing to do and `wake` is not called; default: `intervalMs`. */
  readonly idleMs?: number;
  /** Does one piece of work; true when more work follows at once. */
  readonly work: () => Promise<boolean>;
  /** Receives every failure; the work continues after a backoff of at least `intervalMs`. */
  readonly onError: (error: unknown) => void;
}

export interface Polling {
  /** There may be something to do: the pause ends after `intervalMs`. */
  wake(): void;
  /** Starts no further piece of work, and resolves when the running one has ended. */
  stop(): Promise<void>;
}

/** Upper limit of the backoff. */
const LONGEST_PAUSE_MS = 5_000;

/** Starts the first piece of work at once. */
export function startPolling({ intervalMs, idleMs = intervalMs, work, onError }: PollingOptions): Polling {
  const stopping = new AbortController();
  const { signal } = stopping;
  let waking = new AbortController();

  async function run(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      let hasMore = false;
      try {
        hasMore = await work();
        failures = 0;
      } catch (error) {
        failures += 1;
        onError(error);
      }
      await pause(hasMore ? 0 : pauseMs(intervalMs, failures), signal);
      if (!hasMore && failures === 0 && idleMs > intervalMs) {
        await pause(idleMs - intervalMs, AbortSignal.any([signal, waking.signal]));
      }
      waking = new AbortController();
    }
  }

  const ended = run();
  return {
    wake: () => waking.abort(),
    stop() {
      stopping.abort();
      return ended;
    },
  };
}

function pauseMs(intervalMs: number, failures: number): number {
  if (failures === 0) {
    return intervalMs;
  }
  // Timers cut fractions of a millisecond.
  const backoff = Math.ceil(backoffMs(failures, { firstMs: intervalMs, longestMs: LONGEST_PAUSE_MS }));
  return Math.max(intervalMs, backoff);
}

/** Ends early when the signal is aborted. A pause of 0 ms yields to the event loop once. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    } else if (ms === 0) {
      setImmediate(resolve);
    } else {
      const timer = setTimeout(end, ms).unref();
      signal.addEventListener('abort', end, { once: true });
      function end(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      }
    }
  });
}
