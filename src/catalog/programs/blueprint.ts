/** A whole program with slugs instead of ids: the form of the catalogue, and the source of copies. */
import type { PrescribedGroups } from '../../store/entities/program.ts';

export interface Blueprint {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  /** The source of the figures. */
  readonly source: string;
  /** '', KILOGRAM or POUND. */
  readonly unit: string;
  readonly weeksPerCycle: number;
  readonly sessionsPerWeek: number;
  /** In the program's order. */
  readonly lifts: readonly BlueprintLift[];
  readonly days: readonly BlueprintDay[];
  /** What prescribed loads are rounded to; absent: the default of the unit. */
  readonly loadStep?: string | undefined;
  /** Which share of a one-rep max a training max is; absent: the program does not say. */
  readonly trainingMaxPercent?: string | undefined;
  readonly rules: readonly BlueprintRule[];
}

export interface BlueprintDay {
  readonly slug: string;
  readonly liftSlugs: readonly string[];
  /** In order; absent: none. */
  readonly prescriptions?: readonly BlueprintPrescription[] | undefined;
}

export interface BlueprintPrescription extends PrescribedGroups {
  readonly liftSlug: string;
}

export interface BlueprintLift {
  readonly slug: string;
  readonly name: string;
}

/** A rule and its position in the program. */
export interface BlueprintRule {
  /** Unique in a program of the catalogue. */
  readonly name: string;
  readonly type: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly places: readonly BlueprintPlace[];
}

export interface BlueprintPlace {
  /** Null: every lift of the program that has no row of its own. */
  readonly liftSlug: string | null;
  /** Lower applies first. */
  readonly priority: number;
  readonly enabled: boolean;
  readonly overrideIncrement: string | null;
}
