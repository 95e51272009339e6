/**
 * How far a standby is behind its primary, by positions in the write-ahead log: what it has replayed was the end of the
 * primary's log at a known time. Needs no clock of a server and no writes, and grows while nothing is heard.
 */
export interface StandbyLag {
  /** The end of the primary's log, asked for at this time. */
  sent(position: bigint, atMs: number): void;
  /** The position up to which the standby has replayed. */
  replayed(position: bigint): void;
  /** Nothing is known of the standby any more. */
  forget(): void;
  /** Undefined: not known. */
  lagMs(nowMs: number): number | undefined;
}

/** Earlier positions of a standby that is far behind are dropped, and its lag is then overstated. */
const MOST_SAMPLES = 1_000;

export function createStandbyLag(): StandbyLag {
  let samples: { readonly position: bigint; readonly atMs: number }[] = [];
  let caughtUpAtMs: number | undefined;
  return {
    sent(position, atMs) {
      samples.push({ position, atMs });
      samples = samples.slice(-MOST_SAMPLES);
    },
    replayed(position) {
      const reached = samples.findLastIndex((sample) => sample.position <= position);
      caughtUpAtMs = samples[reached]?.atMs ?? caughtUpAtMs;
      samples = samples.slice(Math.max(0, reached));
    },
    forget() {
      samples = [];
      caughtUpAtMs = undefined;
    },
    lagMs: (nowMs) => (caughtUpAtMs === undefined ? undefined : nowMs - caughtUpAtMs),
  };
}
