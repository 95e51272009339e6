/** Describes a program of the catalogue: days, rules, and figures in pounds and kilograms. */
import type { Blueprint, BlueprintPrescription, BlueprintRule } from '../programs/blueprint.ts';
import type { StoredRule } from '../rules/stored-parameters.ts';
import { type CatalogLift, LIFT_NAMES } from './lifts.ts';

export type Unit = 'lb' | 'kg';

export const BOTH_UNITS: readonly Unit[] = ['lb', 'kg'];

/** One figure for each unit, as programs publish them; they are not converted. */
export type Figures = Readonly<Record<Unit, string>>;

export type CatalogRule = BlueprintRule & StoredRule;

export interface CatalogProgram extends Blueprint {
  readonly rules: readonly CatalogRule[];
}

export interface ProgramDraft {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly source: string;
  /** Absent: the program has no weights of its own. */
  readonly unit?: Unit;
  /** Absent: 1, for programs without rules at the end of a cycle. */
  readonly weeksPerCycle?: number;
  readonly sessionsPerWeek: number;
  /** The lifts of each day, by the day's slug; sessions alternate between the days. */
  readonly days: Readonly<Record<string, readonly CatalogLift[]>>;
  /** What prescribed loads are rounded to; absent: 2.5 kg or 5 lb. */
  readonly loadStep?: string;
  /** Which share of a one-rep max a training max is; absent: the publication does not say. */
  readonly trainingMaxPercent?: string;
  /** What each day prescribes, by the day's slug; absent: nothing. */
  readonly prescriptions?: Readonly<Record<string, readonly BlueprintPrescription[]>>;
  readonly rules: readonly CatalogRule[];
}

const UNIT_NAMES = { lb: 'POUND', kg: 'KILOGRAM' } as const;

/** The lifts of all days, in order of appearance. */
export function defineProgram({
  days,
  prescriptions = {},
  unit,
  weeksPerCycle = 1,
  ...draft
}: ProgramDraft): CatalogProgram {
  const liftSlugs = new Set(Object.values(days).flat());
  return {
    ...draft,
    unit: unit ? UNIT_NAMES[unit] : '',
    weeksPerCycle,
    lifts: [...liftSlugs].map((slug) => ({ slug, name: LIFT_NAMES[slug] })),
    days: Object.entries(days).map(([slug, liftSlugs]) => ({
      ...{ slug, liftSlugs, prescriptions: prescriptions[slug] },
    })),
  };
}
