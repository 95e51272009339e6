/** Backoffs of a known length: which share of the longest wait is waited, instead of a random one. */
import { afterEach, beforeEach, vi } from 'vitest';

export const LONGEST = 1;

/** Every backoff of the file's tests waits for the longest time that it may, until `setBackoffShare` says otherwise. */
export function useLongestBackoffs(): void {
  beforeEach(() => setBackoffShare(LONGEST));
  afterEach(() => {
    vi.mocked(Math.random).mockRestore();
  });
}

/** From 0 to LONGEST, for the running test. */
export function setBackoffShare(share: number): void {
  vi.spyOn(Math, 'random').mockReturnValue(share);
}
