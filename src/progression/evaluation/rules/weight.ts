/** Exact weight arithmetic: percentages, rounding to a step, minimum and maximum. */
import { Decimal } from 'decimal.js';
import {
  type DecimalRule,
  NOT_NEGATIVE,
  type ParameterReader,
  POSITIVE,
  SHARE,
  type SIGNED_SHARE,
} from './parameters.ts';
import { type RuleInput, type RuleOutcome, skip } from './rule.ts';

/** The scale of numeric(18, 6); percentage results are rounded to it, ties up. */
const DECIMAL_PLACES = 6;

/**
 * Holds every product of a weight and a share whole, 25 digits at most: rounding happens once, where we say. A
 * quotient is so close that only the rounding that follows can be seen.
 */
export const ExactDecimal = Decimal.clone({ precision: 40 });

const ROUNDING_MODES = {
  NEAREST: Decimal.ROUND_HALF_CEIL,
  DOWN: Decimal.ROUND_FLOOR,
  UP: Decimal.ROUND_CEIL,
} as const;

/** The rounding and the bounds of a rule's results. */
export interface Bounds {
  readonly roundTo: Decimal | null;
  readonly rounding: keyof typeof ROUNDING_MODES;
  readonly minValue: Decimal;
  readonly maxValue: Decimal | null;
}

/** An amount to add: a weight, or a share of the current value. */
export type Increment = { readonly amount: Decimal } | { readonly percent: Decimal };

export function readBounds(reader: ParameterReader): Bounds {
  const minValue = reader.decimal('minValue', NOT_NEGATIVE) ?? new Decimal(0);
  const maxValue = reader.decimal('maxValue', NOT_NEGATIVE);
  if (maxValue?.lt(minValue)) {
    reader.violate('maxValue', 'must be at least minValue');
  }
  return {
    roundTo: reader.decimal('roundTo', POSITIVE),
    rounding: reader.oneOf('rounding', ['NEAREST', 'DOWN', 'UP'], 'NEAREST'),
    minValue,
    maxValue,
  };
}

/** Either `increment` or `incrementPercent`. */
export function readIncrement(
  reader: ParameterReader,
  amountRule: DecimalRule = POSITIVE,
  percentRule: typeof SHARE | typeof SIGNED_SHARE = SHARE,
): Increment {
  const amount = reader.decimal('increment', amountRule);
  const percent = reader.decimal('incrementPercent', percentRule);
  if ((amount === null) === (percent === null)) {
    reader.violate('increment', 'exactly one of increment and incrementPercent is required');
  }
  return percent === null ? { amount: amount ?? new Decimal(0) } : { percent };
}

export function addIncrement(current: Decimal, increment: Increment, bounds: Bounds): Decimal {
  return 'amount' in increment
    ? current.plus(increment.amount)
    : addPercent(current, increment.percent, bounds);
}

/** `current` plus a share of it (negative: minus), rounded to the step. */
export function addPercent(current: Decimal, percent: Decimal, bounds: Bounds): Decimal {
  return roundWeight(new ExactDecimal(current).times(percent.plus(1)), bounds);
}

/** By definition, in the international yard and pound agreement of 1959. */
const KILOGRAMS_PER_POUND = '0.45359237';

/** A weight in another unit, KILOGRAM or POUND: converted exactly, then rounded, once. */
export function convertUnit(
  value: Decimal,
  { from, to }: { readonly from: string; readonly to: string },
  rounding: Pick<Bounds, 'roundTo' | 'rounding'>,
): Decimal {
  const exact = new ExactDecimal(value);
  if (from === to) {
    return roundWeight(exact, rounding);
  }
  const converted = to === 'KILOGRAM' ? exact.times(KILOGRAMS_PER_POUND) : exact.div(KILOGRAMS_PER_POUND);
  return roundWeight(converted, rounding);
}

/** An ExactDecimal in stored form: rounded to the step, if there is one, and to 6 places with ties up. */
export function roundWeight(
  exact: Decimal,
  { roundTo, rounding }: Pick<Bounds, 'roundTo' | 'rounding'>,
): Decimal {
  const rounded = roundTo ? exact.toNearest(roundTo, ROUNDING_MODES[rounding]) : exact;
  return new Decimal(rounded.toDecimalPlaces(DECIMAL_PLACES, Decimal.ROUND_HALF_CEIL));
}

/** The rule's bounds with those of an override in place of its own; a ceiling below the floor wins. */
export function boundsFor(bounds: Bounds, overrideBounds: RuleInput['overrideBounds']): Bounds {
  return overrideBounds
    ? {
        ...bounds,
        minValue: overrideBounds.minValue ?? bounds.minValue,
        maxValue: overrideBounds.maxValue ?? bounds.maxValue,
      }
    : bounds;
}

/** The outcome of a change to `target` within the bounds; AT_LIMIT when the bounds prevent any change. */
export function changeTo(
  target: Decimal,
  current: Decimal,
  bounds: Bounds,
  effects: { stage?: number; resetsFailures?: boolean } = {},
): RuleOutcome {
  const floored = Decimal.max(target, bounds.minValue);
  const newValue = bounds.maxValue ? Decimal.min(floored, bounds.maxValue) : floored;
  const isStopped = newValue.eq(current) && !newValue.eq(target);
  return isStopped && effects.stage === undefined
    ? skip('AT_LIMIT')
    : { applied: true, newValue, ...effects };
}
