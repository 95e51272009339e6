/** Converts weights to the unit of the athlete's program, and rounds them. */
import { Decimal } from 'decimal.js';
import { enumName } from '../../calls/enum-name.ts';
import { Rounding, RoundingSchema } from '../../gen/progression/v1/program_service_pb.ts';
import {
  type Bounds,
  convertUnit,
  ExactDecimal,
  roundWeight,
} from '../../progression/evaluation/rules/weight.ts';

export type WeightRounding = Pick<Bounds, 'roundTo' | 'rounding'>;

/** KILOGRAM or POUND. */
export interface Conversion {
  readonly from: string;
  readonly to: string;
}

/** The rounding of an action; unspecified: to the nearest, ties up. */
export function roundingOf({ roundTo, rounding }: { roundTo: string; rounding: Rounding }): WeightRounding {
  return {
    roundTo: roundTo ? new Decimal(roundTo) : null,
    rounding: enumName(RoundingSchema, rounding || Rounding.NEAREST) as WeightRounding['rounding'],
  };
}

/** Converted exactly, then rounded once. Without a conversion, only rounded. */
export function convertWeight(value: Decimal, units: Conversion | null, rounding: WeightRounding): Decimal {
  return units === null
    ? roundWeight(new ExactDecimal(value), rounding)
    : convertUnit(value, units, rounding);
}

/** The product, rounded once. */
export function scaleWeight(value: Decimal, factor: Decimal, rounding: WeightRounding): Decimal {
  return roundWeight(new ExactDecimal(value).times(factor), rounding);
}
