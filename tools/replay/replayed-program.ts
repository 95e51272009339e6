/** The program that a log is replayed on, with the fields that the replay needs. */
import type { WeightUnit } from '../../src/training-logs/training-log.ts';

export interface ProgramDay {
  readonly slug: string;
  readonly liftIds: readonly string[];
}

export interface ReplayedProgram {
  readonly id: string;
  readonly slug: string;
  /** Null: the program has no weights of its own. */
  readonly unit: WeightUnit | null;
  readonly weeksPerCycle: number;
  readonly sessionsPerWeek: number;
  readonly days: readonly ProgramDay[];
  /** Ids by slug, in the program's order. */
  readonly lifts: ReadonlyMap<string, string>;
  /** It has rules for AMRAP sets. */
  readonly hasAmrapRules: boolean;
}
