/** The program that a log is read for, with the fields that its sessions need. */
import type { WeightUnit } from './training-log.ts';

export interface ProgramDay {
  readonly slug: string;
  readonly liftIds: readonly string[];
}

export interface TrainedProgram {
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
