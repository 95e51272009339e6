/** How fast a line moves while somebody stands in it, from how fast it moved lately. */

/** After this long a measurement counts a third of what a new one does. */
const MEMORY_MS = 1_000;

export interface ServiceRate {
  /** So many left the line, and whether others still stand in it. */
  took(count: number, isAnyoneLeft: boolean): void;
  /** How long a newcomer behind so many would wait; 0 as long as nothing is known. */
  waitMs(ahead: number): number;
}

export function createServiceRate(): ServiceRate {
  let took = 0;
  let tookMs = 0;
  /** When somebody was left standing last; undefined: nobody was, and what comes next says nothing of the speed. */
  let sinceMs: number | undefined;
  return {
    took(count, isAnyoneLeft) {
      const nowMs = performance.now();
      if (sinceMs !== undefined) {
        const elapsedMs = nowMs - sinceMs;
        const kept = Math.exp(-elapsedMs / MEMORY_MS);
        took = took * kept + count;
        tookMs = tookMs * kept + elapsedMs;
      }
      sinceMs = isAnyoneLeft ? nowMs : undefined;
    },
    waitMs: (ahead) => (took > 0 ? (ahead * tookMs) / took : 0),
  };
}
