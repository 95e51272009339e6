/** Percentiles, rounding and output of figures, for every benchmark. */

/** The value that this share of them does not exceed; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Rounds to this number of decimal places. */
export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** One line: a figure, its upper bound, and whether it is within it. */
export function reportBounded(name: string, value: number, bound: number, unit: string, rest = ''): void {
  const verdict = value <= bound ? 'within' : 'OVER';
  const figure = `${value.toFixed(1).padStart(8)} ${unit}`;
  process.stdout.write(`${name.padEnd(52)} ${figure}   ${verdict} the bound of ${bound} ${unit}   ${rest}\n`);
}
