/** The loads that plates of one unit make on one side of a bar, each with the fewest plates. Exact, bounded, pure. */
import type { StoredPlates } from '../../../store/entities/equipment.ts';
import { microsOf } from './fine-weight.ts';

/** Plates of one weight on one side. */
export interface PlateCount {
  readonly weight: string;
  readonly unit: StoredPlates['unit'];
  readonly count: number;
}

export interface SideLoads {
  /** In millionths of the unit, ascending from 0. */
  readonly loads: readonly bigint[];
  /** The fewest plates that make the load at this position. */
  readonly plateCount: (position: number) => number;
  /** Those plates, the heaviest first. */
  readonly plates: (position: number) => PlateCount[];
}

/** Some plates of one weight, used together or not at all. */
interface Bundle {
  readonly plate: StoredPlates;
  readonly count: number;
  readonly steps: number;
}

/** The largest weight that divides all plates, and how often all of them together have it. */
export function stepsOfPlates(plates: readonly StoredPlates[]): { step: bigint; steps: bigint } {
  const step = plates.reduce((divisor, { weight }) => greatestDivisor(divisor, microsOf(weight)), 0n);
  const total = plates.reduce((sum, { weight, pairs }) => sum + microsOf(weight) * BigInt(pairs), 0n);
  return { step, steps: step === 0n ? 0n : total / step };
}

/**
 * Dynamic programming over the multiples of the step. The pairs of a weight are bundles of 1, 2, 4 … plates and a rest,
 * which together make every number of plates up to all of them; the time and memory are bundles times steps.
 */
export function sideLoads(plates: readonly StoredPlates[]): SideLoads {
  const { step, steps } = stepsOfPlates(plates);
  const bundles = plates
    .toSorted((a, b) => Number(microsOf(b.weight) - microsOf(a.weight)))
    .flatMap((plate) => bundlesOf(plate, step));
  const fewest = new Int32Array(Number(steps) + 1).fill(UNREACHED);
  fewest[0] = 0;
  const used = bundles.map((bundle) => addBundle(fewest, bundle));
  const reached = [...fewest.keys()].filter((at) => fewest[at] !== UNREACHED);
  return {
    loads: reached.map((at) => BigInt(at) * step),
    plateCount: (position) => fewest[reached[position] ?? 0] ?? 0,
    plates: (position) => platesAt(reached[position] ?? 0, bundles, used),
  };
}

const UNREACHED = 2 ** 31 - 1;

function bundlesOf(plate: StoredPlates, step: bigint): Bundle[] {
  const bundles: Bundle[] = [];
  for (let count = 1, left = plate.pairs; left > 0; left -= count, count *= 2) {
    const taken = Math.min(count, left);
    bundles.push({
      plate,
      count: taken,
      steps: Number((microsOf(plate.weight) / step) * BigInt(taken)),
    });
  }
  return bundles;
}

/** Lets the bundle join the loads; returns at which it did. From above, so that it joins each of them once. */
function addBundle(fewest: Int32Array, { count, steps }: Bundle): Uint8Array {
  const used = new Uint8Array(fewest.length);
  for (let at = fewest.length - 1; at >= steps; at -= 1) {
    const without = fewest[at - steps] as number;
    if (without !== UNREACHED && without + count < (fewest[at] as number)) {
      fewest[at] = without + count;
      used[at] = 1;
    }
  }
  return used;
}

function platesAt(load: number, bundles: readonly Bundle[], used: readonly Uint8Array[]): PlateCount[] {
  const counts = new Map<StoredPlates, number>();
  let left = load;
  for (let index = bundles.length - 1; index >= 0; index -= 1) {
    const { plate, count, steps } = bundles[index] as Bundle;
    if (used[index]?.[left] === 1) {
      counts.set(plate, (counts.get(plate) ?? 0) + count);
      left -= steps;
    }
  }
  return [...counts].reverse().map(([{ weight, unit }, count]) => ({ weight, unit, count }));
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestDivisor(b, a % b);
}
