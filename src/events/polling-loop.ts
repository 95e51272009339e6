/** Repeats a piece of background work: at once while there is more of it, else after a pause. */
import { backoffMs } from '../flow/backoff.ts';

export interface PollingOptions {
  /** The pause when there was nothing to do, and the shortest one after a failure. */
  readonly intervalMs: number;
  /** One piece of work; true: there is more, and the next piece follows at once. */
  readonly work: () => Promise<boolean>;
  /** Hears of every failure; the work goes on after a backoff, no sooner than when there was nothing to do. */
  readonly onError: (error: unknown) => void;
}

export interface Polling {
  /** Begins no other piece, and resolves when the running one has ended. */
  stop(): Promise<void>;
}

/** Work that fails is tried again this often at least. */
const LONGEST_PAUSE_MS = 5_000;

/** Begins with the first piece right away. */
export function startPolling({ intervalMs, work, onError }: PollingOptions): Polling {
  const stopping = new AbortController();
  const { signal } = stopping;

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
    }
  }

  const ended = run();
  return {
    stop() {
      stopping.abort();
      return ended;
    },
  };
}

function pauseMs(intervalMs: number, failures: number): number {
  return failures > 0
    ? Math.max(intervalMs, backoffMs(failures, { firstMs: intervalMs, longestMs: LONGEST_PAUSE_MS }))
    : intervalMs;
}

/** Ends early when told to stop; without a pause everything else that waits has its turn first. */
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
