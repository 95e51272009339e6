/** Makes backoffs wait for a fixed share of the longest wait instead of a random one. */
import { afterEach, beforeEach, vi } from 'vitest';

export const LONGEST = 1;

/** Every backoff of the file's tests waits for its longest time, until `setBackoffShare` is called. */
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
