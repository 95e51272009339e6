/** Comparisons of conditions with their values read, shared by the evaluator and the SQL engine. */
import type { Decimal } from 'decimal.js';
import type { CivilDate } from '../values/civil-date.ts';
import type { Instant } from '../values/instant.ts';

/** A comparison of the current value. */
export type ValueComparison =
  | { readonly kind: 'exists' }
  /** The value is neither "" nor []. */
  | { readonly kind: 'content' }
  /** The value's key (see `toKey`) is one of these. */
  | { readonly kind: 'keys'; readonly keys: ReadonlySet<string> }
  /** Both texts in NFC. With `ignoresCase`, A to Z are folded; `text` is already folded. */
  | {
      readonly kind: 'text';
      readonly position: 'anywhere' | 'start' | 'end';
      readonly text: string;
      readonly ignoresCase: boolean;
    }
  | { readonly kind: 'range'; readonly low: NumberBound | null; readonly high: NumberBound | null }
  /** By the calendar in the athlete's time zone. */
  | { readonly kind: 'day'; readonly relation: 'before' | 'after' | 'on'; readonly date: CivilDate }
  | { readonly kind: 'instant'; readonly relation: 'before' | 'after'; readonly instant: Instant }
  /** Days from today, both ends included; for dates. */
  | { readonly kind: 'days'; readonly from: number; readonly to: number }
  /** Microseconds from now, both ends included; for timestamps. */
  | { readonly kind: 'time'; readonly from: bigint; readonly to: bigint }
  | { readonly kind: 'month'; readonly month: number }
  | { readonly kind: 'weekday'; readonly weekday: number }
  | { readonly kind: 'elements'; readonly wants: 'any' | 'all'; readonly keys: ReadonlySet<string> }
  | { readonly kind: 'size'; readonly size: number };

/** A comparison of the value after a change with the value before it. */
export type DiffComparison =
  | { readonly kind: 'changed' }
  | { readonly kind: 'changed_to'; readonly key: string }
  | { readonly kind: 'changed_from'; readonly key: string }
  /** The value changed by `amount` or more. */
  | { readonly kind: 'moved'; readonly direction: 'up' | 'down'; readonly amount: Decimal }
  | { readonly kind: 'crossed'; readonly direction: 'up' | 'down'; readonly threshold: Decimal };

export type Comparison = ValueComparison | DiffComparison;

export interface NumberBound {
  readonly number: Decimal;
  readonly isIncluded: boolean;
}

const DIFF_KINDS: readonly string[] = [
  'changed',
  'changed_to',
  'changed_from',
  'moved',
  'crossed',
] satisfies DiffComparison['kind'][];

export function isDiff(comparison: Comparison): comparison is DiffComparison {
  return DIFF_KINDS.includes(comparison.kind);
}
