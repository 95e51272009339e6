/** Counts the slots that are taken, in all and by key, where a caller without a slot is refused instead of waiting. */

export interface LimiterLimits {
  /** Slots that may be taken at the same time, in all. */
  readonly slots: number;
  /** Slots of one key; default: all of them. */
  readonly slotsPerKey?: number;
}

/**
 * @example
 * const limiter = createKeyedLimiter({ slots: 50, slotsPerKey: 10 });
 * if (limiter.exceeded(accountId) === undefined) {
 *   const release = limiter.take(accountId);
 *   stream.once('close', release);
 * }
 */
export interface KeyedLimiter {
  /** The limit that one more slot of the key would exceed, the key's own first; undefined: a slot is free. */
  exceeded(key: string): keyof LimiterLimits | undefined;
  /** Takes a slot, also beyond the limits: call it in the same turn of the event loop as `exceeded`. */
  take(key: string): Release;
  /** Slots that are taken, of all keys. */
  taken(): number;
}

/** Gives a slot back; calls after the first do nothing. */
export type Release = () => void;

export function createKeyedLimiter({ slots, slotsPerKey = slots }: LimiterLimits): KeyedLimiter {
  const takenOf = new Map<string, number>();
  let taken = 0;

  function change(key: string, by: 1 | -1): void {
    taken += by;
    const ofKey = (takenOf.get(key) ?? 0) + by;
    if (ofKey > 0) {
      takenOf.set(key, ofKey);
    } else {
      takenOf.delete(key);
    }
  }
  return {
    exceeded(key) {
      if ((takenOf.get(key) ?? 0) >= slotsPerKey) {
        return slotsPerKey < slots ? 'slotsPerKey' : 'slots';
      }
      return taken >= slots ? 'slots' : undefined;
    },
    take(key) {
      change(key, 1);
      return onlyOnce(() => change(key, -1));
    },
    taken: () => taken,
  };
}

/** So that a slot that is released by more than one path is given back once. */
export function onlyOnce(release: Release): Release {
  let isReleased = false;
  return () => {
    if (!isReleased) {
      isReleased = true;
      release();
    }
  };
}
