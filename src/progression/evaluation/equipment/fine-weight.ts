/** Weights of either unit as whole numbers of one fine unit, so that kilograms and pounds compare exactly. */
import { Decimal } from 'decimal.js';
import type { EquipmentUnit } from '../../../store/entities/equipment.ts';

/**
 * The fine unit is 1e-20 kg: a pound is 0.45359237 kg by definition, and an exact load has at most 12 decimal places.
 */
const FINE_PER_MICRO: Readonly<Record<EquipmentUnit, bigint>> = {
  KILOGRAM: 100_000_000_000_000n,
  POUND: 45_359_237_000_000n,
};

const MICRO_PLACES = 6;
const EXACT_PLACES = 12;
const FINE_PER_EXACT = 10n ** BigInt(EXACT_PLACES - MICRO_PLACES);

/** Holds every fine weight whole. */
const FineDecimal = Decimal.clone({ precision: 60 });

/** Millionths of the unit. */
export function microsOf(weight: string): bigint {
  return BigInt(new FineDecimal(weight).times(10 ** MICRO_PLACES).toFixed(0));
}

export function fineOfMicros(micros: bigint, unit: EquipmentUnit): bigint {
  return micros * FINE_PER_MICRO[unit];
}

/** Of a weight with at most 12 decimal places. */
export function fineOf(weight: Decimal, unit: EquipmentUnit): bigint {
  const scaled = new FineDecimal(weight).times(new FineDecimal(10).pow(EXACT_PLACES));
  return (BigInt(scaled.toFixed(0)) * FINE_PER_MICRO[unit]) / FINE_PER_EXACT;
}

/** In the unit, to 6 decimal places, ties up: exact unless it is made of weights in the other unit. */
export function weightOf(fine: bigint, unit: EquipmentUnit): Decimal {
  const micros = new FineDecimal(`${fine}`).div(`${FINE_PER_MICRO[unit]}`);
  const rounded = micros.toDecimalPlaces(0, Decimal.ROUND_HALF_CEIL);
  return new Decimal(rounded.div(10 ** MICRO_PLACES).toFixed());
}
