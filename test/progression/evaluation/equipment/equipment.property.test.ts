/** Rounding to bars and plates against every combination of plates, tried one by one. */
import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createEquipment,
  type EquippedLoad,
} from '../../../../src/progression/evaluation/equipment/equipment.ts';
import type { StoredEquipment, StoredPlates } from '../../../../src/store/entities/equipment.ts';

const RUNS = 500;
const SEED = 20_261_130;
const LIFT = 'squat';

/** Enough for a pound in kilograms times any share. */
const Exact = Decimal.clone({ precision: 60 });
const KILOGRAMS = { KILOGRAM: new Exact(1), POUND: new Exact('0.45359237') } as const;
type Unit = keyof typeof KILOGRAMS;

const unit = fc.constantFrom<Unit>('KILOGRAM', 'POUND');
const weight = fc.oneof(
  fc.constantFrom('0.25', '0.5', '1.25', '2.5', '5', '10', '15', '20', '25', '35', '45'),
  fc.integer({ min: 1, max: 9_999 }).map((cents) => new Decimal(cents).div(100).toFixed()),
);
const plates = fc.uniqueArray(fc.record({ weight, unit, pairs: fc.integer({ min: 1, max: 4 }) }), {
  minLength: 1,
  maxLength: 5,
  selector: (plate) => `${plate.weight} ${plate.unit}`,
});
const bar = fc.record({ weight: fc.constantFrom('0', '7.5', '15', '20', '45'), unit });
const exact = fc
  .tuple(fc.integer({ min: 1, max: 4_000_000 }), fc.constantFrom('1', '0.85', '0.333333', '1.025'))
  .map(([hundredths, percent]) => new Decimal(hundredths).div(10_000).times(percent));

/** Every load of the bar in kilograms, with the least number of plates on a side. */
function everyLoad(barWeight: { weight: string; unit: Unit }, stock: readonly StoredPlates[]) {
  const inKilograms = (text: string, of: Unit) => new Exact(text).times(KILOGRAMS[of]);
  let loads = new Map([[inKilograms(barWeight.weight, barWeight.unit).toFixed(), 0]]);
  for (const plate of stock) {
    const next = new Map<string, number>();
    for (const [load, count] of loads) {
      for (let pairs = 0; pairs <= plate.pairs; pairs += 1) {
        const heavier = new Exact(load)
          .plus(inKilograms(plate.weight, plate.unit).times(2 * pairs))
          .toFixed();
        next.set(heavier, Math.min(next.get(heavier) ?? Number.POSITIVE_INFINITY, count + pairs));
      }
    }
    loads = next;
  }
  return [...loads].map(([load, count]) => ({ load: new Exact(load), count }));
}

type Rounding = 'NEAREST' | 'DOWN' | 'UP';

function expected(loads: ReturnType<typeof everyLoad>, target: Decimal, rounding: Rounding) {
  const ascending = loads.toSorted((a, b) => a.load.cmp(b.load));
  const below = ascending.findLast(({ load }) => load.lte(target));
  const above = ascending.find(({ load }) => load.gte(target));
  if (!below || !above) {
    return { ...((below ?? above) as (typeof ascending)[number]), limit: below ? 'HEAVIEST' : 'LIGHTEST' };
  }
  const isUp =
    rounding === 'UP' || (rounding === 'NEAREST' && above.load.minus(target).lte(target.minus(below.load)));
  return { ...(isUp ? above : below), limit: null };
}

/** What is on the bar weighs, in kilograms. */
function weigh({ loading }: EquippedLoad): Decimal {
  const barWeight = new Exact(loading.bar?.weight ?? 0).times(KILOGRAMS[loading.bar?.unit ?? 'KILOGRAM']);
  return loading.platesPerSide.reduce(
    (sum, plate) => sum.plus(new Exact(plate.weight).times(KILOGRAMS[plate.unit]).times(2 * plate.count)),
    barWeight,
  );
}

test(`over ${RUNS} random stocks (seed ${SEED}) a load is the one that trying every combination finds`, () => {
  fc.assert(
    fc.property(
      bar,
      plates,
      exact,
      unit,
      fc.constantFrom<Rounding>('NEAREST', 'DOWN', 'UP'),
      (ownBar, stock, load, loadUnit, rounding) => {
        const stored: StoredEquipment = {
          ...{ bars: [{ ...ownBar, liftIds: [] }], plates: stock, steps: [], rounding },
        };
        const found = createEquipment(stored, loadUnit)?.round(LIFT, load);
        const right = expected(
          everyLoad(ownBar, stock),
          new Exact(load).times(KILOGRAMS[loadUnit]),
          rounding,
        );

        expect(found && weigh(found).eq(right.load)).toBe(true);
        expect(found?.loading.limit).toBe(right.limit);
        expect(found?.loading.platesPerSide.reduce((sum, { count }) => sum + count, 0)).toBe(right.count);
        expect(found?.load.toFixed()).toBe(
          right.load.div(KILOGRAMS[loadUnit]).toDecimalPlaces(6, Decimal.ROUND_HALF_CEIL).toFixed(),
        );
        for (const plate of found?.loading.platesPerSide ?? []) {
          const owned = stock.find((each) => each.weight === plate.weight && each.unit === plate.unit);
          expect(plate.count).toBeLessThanOrEqual(owned?.pairs ?? 0);
        }
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
});

test('plates at the limit of what is allowed are rounded to as exactly as others', () => {
  const stock = Array.from({ length: 40 }, (_, index) => ({
    ...{ weight: new Decimal(index + 1).div(2).toFixed(), unit: 'KILOGRAM' as const, pairs: 24 },
  }));
  const stored: StoredEquipment = {
    ...{ bars: [{ weight: '20', unit: 'KILOGRAM', liftIds: [] }], plates: stock, steps: [], rounding: '' },
  };

  const found = createEquipment(stored, 'KILOGRAM')?.round(LIFT, new Decimal('19000.4'));

  expect(found?.load.toFixed()).toBe('19000');
  expect(found && weigh(found).toFixed()).toBe('19000');
});
