/** Waits for the signal to stop. */
import { constants } from 'node:os';

/**
 * A Ctrl-C under npm arrives twice, from the terminal and forwarded by npm; within this time they count as
 * one.
 */
const SAME_KEYSTROKE_MS = 500;

/** Resolves with the first SIGTERM or SIGINT. A later second signal exits the process at once. */
export function stopRequested(): Promise<'SIGTERM' | 'SIGINT'> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        const nowMs = performance.now();
        firstAtMs ??= nowMs;
        if (nowMs - firstAtMs > SAME_KEYSTROKE_MS) {
          process.exit(128 + constants.signals[signal]);
        }
        resolve(signal);
      });
    }
  });
}
