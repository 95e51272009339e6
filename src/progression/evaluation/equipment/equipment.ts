/** Rounds loads to what an athlete's equipment can make. Pure. */
import type { Decimal } from 'decimal.js';
import type {
  EquipmentUnit,
  StoredBar,
  StoredEquipment,
  StoredSteps,
} from '../../../store/entities/equipment.ts';
import type { WeightUnit } from '../snapshot.ts';
import { fineOf, fineOfMicros, microsOf, weightOf } from './fine-weight.ts';
import { type Around, barLoadsAround, type PlateStock, plateStock, stepsAround } from './loads-around.ts';
import type { PlateCount } from './side-loads.ts';

/** What a load is made of. */
export interface Loading {
  readonly implement: 'BARBELL' | StoredSteps['implement'];
  /** Of a barbell. */
  readonly bar: { readonly weight: string; readonly unit: EquipmentUnit } | null;
  /** Of a barbell: on each side. */
  readonly platesPerSide: readonly PlateCount[];
  /** Of dumbbells and machines. */
  readonly step: { readonly weight: string; readonly unit: EquipmentUnit } | null;
  readonly rounding: 'NEAREST' | 'DOWN' | 'UP';
  /** The exact load is below what can be made, or above; null: within. */
  readonly limit: 'LIGHTEST' | 'HEAVIEST' | null;
}

export interface EquippedLoad {
  /** In the unit of the exact load. */
  readonly load: Decimal;
  readonly loading: Loading;
}

/** Rounds exact loads of one unit. */
export interface Equipment {
  /** Null: nothing is known that the lift is loaded with. */
  round(liftId: string, exact: Decimal): EquippedLoad | null;
}

/** An athlete's equipment over the account's: each part that is empty is the account's. Null: neither is set. */
export function effectiveEquipment(
  own: StoredEquipment | null,
  ofAccount: StoredEquipment | null,
): StoredEquipment | null {
  if (!own || !ofAccount) {
    return own ?? ofAccount;
  }
  const bars = own.bars.length > 0 ? own.bars : ofAccount.bars;
  const steps = own.steps.length > 0 ? own.steps : ofAccount.steps;
  const ownLifts = new Set([...own.bars, ...own.steps].flatMap(({ liftIds }) => liftIds));
  return {
    bars: bars === own.bars ? bars : withoutLifts(bars, ownLifts),
    steps: steps === own.steps ? steps : withoutLifts(steps, ownLifts),
    plates: own.plates.length > 0 ? own.plates : ofAccount.plates,
    rounding: own.rounding || ofAccount.rounding,
  };
}

/** Null where loads have no unit: equipment has one. */
export function createEquipment(stored: StoredEquipment | null, unit: WeightUnit): Equipment | null {
  if (!stored || unit === '') {
    return null;
  }
  const { bars, plates, steps } = stored;
  const rounding = stored.rounding || 'NEAREST';
  const defaultBar = bars.find(({ liftIds }) => liftIds.length === 0);
  const rounded = new Map<string, EquippedLoad>();
  let stock: PlateStock | undefined;

  const roundAnew = (liftId: string, exact: Decimal): EquippedLoad | null => {
    const target = fineOf(exact, unit);
    const stepped = steps.find(({ liftIds }) => liftIds.includes(liftId));
    const bar = bars.find(({ liftIds }) => liftIds.includes(liftId)) ?? defaultBar;
    if (stepped) {
      const { implement, step, unit: stepUnit } = stepped;
      const found = nearest(stepsAround(fineOfMicros(microsOf(step), stepUnit), target), target, rounding);
      const loading = { implement, bar: null, platesPerSide: [], step: { weight: step, unit: stepUnit } };
      return { load: weightOf(found.load, unit), loading: { ...loading, rounding, limit: found.limit } };
    }
    if (!bar || plates.length === 0) {
      return null;
    }
    stock ??= plateStock(plates);
    const found = nearest(barLoadsAround(fineOfBar(bar), stock, target), target, rounding);
    return {
      load: weightOf(found.load, unit),
      loading: {
        implement: 'BARBELL',
        bar: { weight: bar.weight, unit: bar.unit },
        platesPerSide: found.plates(),
        ...{ step: null, rounding, limit: found.limit },
      },
    };
  };

  return {
    round(liftId, exact) {
      // Sets of a group, and of the weeks ahead, often have the same load.
      const key = `${liftId} ${exact.toFixed()}`;
      const known = rounded.get(key) ?? roundAnew(liftId, exact);
      if (known) {
        rounded.set(key, known);
      }
      return known;
    },
  };
}

/** Of the loads around the target, the one that the rounding takes. */
function nearest<T extends { readonly load: bigint }>(
  { below, above }: Around<T>,
  target: bigint,
  rounding: Loading['rounding'],
): T & Pick<Loading, 'limit'> {
  const lower = below ?? above;
  const upper = above ?? below;
  if (!lower || !upper) {
    throw new TypeError('equipment makes no load at all');
  }
  const limit = below === null ? 'LIGHTEST' : above === null ? 'HEAVIEST' : null;
  const isUp = rounding === 'UP' || (rounding === 'NEAREST' && upper.load - target <= target - lower.load);
  return { ...(isUp ? upper : lower), limit };
}

function withoutLifts<T extends { liftIds: string[] }>(
  entries: readonly T[],
  lifts: ReadonlySet<string>,
): T[] {
  return entries
    .map((entry) => ({ entry, liftIds: entry.liftIds.filter((liftId) => !lifts.has(liftId)) }))
    .filter(({ entry, liftIds }) => liftIds.length > 0 || entry.liftIds.length === 0)
    .map(({ entry, liftIds }) => ({ ...entry, liftIds }));
}

function fineOfBar({ weight, unit }: StoredBar): bigint {
  return fineOfMicros(microsOf(weight), unit);
}
