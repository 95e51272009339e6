/** Random numbers from a seed, so that a campaign can be repeated. */
import { v4 as uuidv4 } from 'uuid';

export interface Random {
  /** From 0 to below 1. */
  next(): number;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  pick<T>(items: readonly T[]): T;
  uuid(): string;
}

/** Mulberry32: small, and good enough to choose faults and calls by. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    between,
    pick: (items) => {
      const item = items[between(0, items.length - 1)];
      if (item === undefined) {
        throw new TypeError('cannot pick from an empty list');
      }
      return item;
    },
    uuid: () => uuidv4({ random: Uint8Array.from({ length: 16 }, () => between(0, 255)) }),
  };
}

/** Picks one of the keys with probability proportional to its weight. */
export function pickWeighted<K extends string>(random: Random, weights: Readonly<Record<K, number>>): K {
  const entries = Object.entries(weights) as [K, number][];
  const sum = entries.reduce((total, [, weight]) => total + weight, 0);
  let at = random.next() * sum;
  for (const [key, weight] of entries) {
    at -= weight;
    if (at < 0) {
      return key;
    }
  }
  throw new TypeError('cannot pick from an empty list');
}
