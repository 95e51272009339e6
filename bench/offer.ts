/** Calls on a schedule, independent of earlier answers (an open load). */
import { setTimeout as pause } from 'node:timers/promises';

/**
 * The maximum number of calls in flight: the streams that the service allows on ten connections. Further calls are
 * skipped.
 */
const CALLS = 1_000;
const TICK_MS = 1;

export interface Offered<T> {
  readonly calls: T[];
  /** Calls that were due while too many were in flight. */
  readonly skipped: number;
  readonly endMs: number;
}

/** Each call learns when it was due. Resolves when all of them have ended. */
export async function offer<T>(
  perSecond: number,
  forMs: number,
  call: (dueMs: number) => Promise<T>,
): Promise<Offered<T>> {
  const running = new Set<Promise<unknown>>();
  const calls: T[] = [];
  const beganMs = performance.now();
  const endMs = beganMs + forMs;
  let due = 0;
  let skipped = 0;
  for (let nowMs = beganMs; nowMs < endMs; nowMs = performance.now()) {
    const shouldBe = ((nowMs - beganMs) * perSecond) / 1000;
    for (; due < shouldBe && running.size < CALLS; due += 1) {
      const one: Promise<unknown> = call(beganMs + (due * 1000) / perSecond)
        .then((ended) => calls.push(ended))
        .finally(() => running.delete(one));
      running.add(one);
    }
    const missed = Math.max(0, Math.floor(shouldBe) - due);
    due += missed;
    skipped += missed;
    await pause(TICK_MS);
  }
  await Promise.all(running);
  return { calls, skipped, endMs };
}
