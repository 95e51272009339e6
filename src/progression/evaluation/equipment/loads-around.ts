/** The loads next to a target: the heaviest that is not above it, and the lightest that is not below. Exact, pure. */
import type { EquipmentUnit, StoredPlates } from '../../../store/entities/equipment.ts';
import { fineOfMicros } from './fine-weight.ts';
import { type PlateCount, type SideLoads, sideLoads } from './side-loads.ts';

/** Null: there is none. The same, where the target itself can be made. */
export interface Around<T> {
  readonly below: T | null;
  readonly above: T | null;
}

export interface BarLoad {
  /** Fine weight of the bar with both sides. */
  readonly load: bigint;
  readonly plateCount: number;
  readonly plates: () => PlateCount[];
}

/** The plates of one unit, with what they make in fine weight. */
interface UnitStock extends SideLoads {
  readonly fine: readonly bigint[];
}

/** Plates of both units: what is on a side is a load of each. */
export interface PlateStock {
  readonly kilograms: UnitStock;
  readonly pounds: UnitStock;
}

export function plateStock(plates: readonly StoredPlates[]): PlateStock {
  const stockOf = (unit: EquipmentUnit): UnitStock => {
    const side = sideLoads(plates.filter((plate) => plate.unit === unit));
    return { ...side, fine: side.loads.map((micros) => fineOfMicros(micros, unit)) };
  };
  return { kilograms: stockOf('KILOGRAM'), pounds: stockOf('POUND') };
}

/**
 * Tries every load of the unit with fewer ones and searches the other unit's for the loads around what is left. Of equal
 * loads the one with fewer plates counts.
 */
export function barLoadsAround(bar: bigint, stock: PlateStock, target: bigint): Around<BarLoad> {
  const { kilograms, pounds } = stock;
  const isPoundsTried = pounds.fine.length <= kilograms.fine.length;
  const [tried, searched] = isPoundsTried ? [pounds, kilograms] : [kilograms, pounds];
  let below = null as BarLoad | null;
  let above = null as BarLoad | null;
  for (const [position, side] of tried.fine.entries()) {
    const left = target - bar - 2n * side;
    const next = lowestNotBelow(searched.fine, left);
    for (const other of [next - 1, next]) {
      const otherSide = searched.fine[other];
      if (otherSide === undefined) {
        continue;
      }
      const [kilogramsAt, poundsAt] = isPoundsTried ? [other, position] : [position, other];
      const found: BarLoad = {
        load: bar + 2n * (side + otherSide),
        plateCount: kilograms.plateCount(kilogramsAt) + pounds.plateCount(poundsAt),
        plates: () => [...kilograms.plates(kilogramsAt), ...pounds.plates(poundsAt)],
      };
      if (found.load <= target) {
        below = isBetter(found, below, found.load > (below?.load ?? -1n)) ? found : below;
      }
      if (found.load >= target) {
        above = isBetter(found, above, found.load < (above?.load ?? found.load + 1n)) ? found : above;
      }
    }
  }
  return { below, above };
}

/** Multiples of the step, from 0. */
export function stepsAround(step: bigint, target: bigint): Around<{ load: bigint }> {
  const below = (target / step) * step;
  return { below: { load: below }, above: { load: below === target ? below : below + step } };
}

function isBetter(found: BarLoad, known: BarLoad | null, isNearer: boolean): boolean {
  return isNearer || (found.load === known?.load && found.plateCount < known.plateCount);
}

/** The position of the first of the ascending loads that is not below twice over; their number when there is none. */
function lowestNotBelow(loads: readonly bigint[], left: bigint): number {
  let [low, high] = [0, loads.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (2n * (loads[middle] as bigint) < left) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
