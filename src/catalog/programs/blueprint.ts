/** A whole program by names instead of ids: what the catalogue holds, and what copies are made from. */

export interface Blueprint {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  /** Where the figures come from. */
  readonly source: string;
  /** '', KILOGRAM or POUND. */
  readonly unit: string;
  readonly weeksPerCycle: number;
  readonly sessionsPerWeek: number;
  /** In the program's order. */
  readonly lifts: readonly BlueprintLift[];
  readonly days: readonly { readonly slug: string; readonly liftSlugs: readonly string[] }[];
  readonly rules: readonly BlueprintRule[];
}

export interface BlueprintLift {
  readonly slug: string;
  readonly name: string;
}

/** A rule and where it stands in the program. */
export interface BlueprintRule {
  /** Distinct in a program of the catalogue. */
  readonly name: string;
  readonly type: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly places: readonly BlueprintPlace[];
}

export interface BlueprintPlace {
  /** Null: every lift of the program that has no place of its own. */
  readonly liftSlug: string | null;
  /** Lower applies first. */
  readonly priority: number;
  readonly enabled: boolean;
  readonly overrideIncrement: string | null;
}
