/** The one-rep max that a set of several repetitions lets expect. */
import type { Decimal } from 'decimal.js';
import { ExactDecimal } from './weight.ts';

export const ESTIMATE_FORMULAS = ['EPLEY', 'BRZYCKI'] as const;
export type EstimateFormula = (typeof ESTIMATE_FORMULAS)[number];

/** Beyond this both formulas say little. */
export const MOST_ESTIMATED_REPS = 20;

/**
 * Epley: weight x (1 + reps / 30), for more than one repetition; Brzycki: weight x 36 / (37 - reps). One repetition is the
 * weight itself in both. Not rounded. At least one repetition, at most MOST_ESTIMATED_REPS.
 */
export function estimateOneRepMax(weight: Decimal, reps: number, formula: EstimateFormula): Decimal {
  const exact = new ExactDecimal(weight);
  if (reps === 1) {
    return exact;
  }
  return formula === 'EPLEY' ? exact.times(30 + reps).div(30) : exact.times(36).div(37 - reps);
}
