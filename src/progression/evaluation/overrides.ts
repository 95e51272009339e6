/** What a program row is for one athlete, where that differs from the program: off, or with other figures. */
import type { Instant } from '../../values/instant.ts';
import type { Assignment, RuleOverride } from './program-rules.ts';

/** By overrideKey. */
export type RuleOverrides = ReadonlyMap<string, RuleOverride>;

/** Names a program row's override for one lift, or with null for every lift that the row covers. */
export function overrideKey(programProgressionId: string, liftId: string | null): string {
  return `${programProgressionId} ${liftId ?? ''}`;
}

/** The assignment as it is for the athlete at `at`; an override for the lift wins over one for the row. */
export function assignmentAt(assignment: Assignment, overrides: RuleOverrides, at: Instant): Assignment {
  const { programProgressionId, liftId, enabled, overrideIncrement } = assignment;
  const found = [liftId, null]
    .map((lift) => overrides.get(overrideKey(programProgressionId, lift)))
    .find((each) => each && (each.expiresAt === null || at < each.expiresAt));
  return found
    ? {
        ...assignment,
        enabled: enabled && !found.isOff,
        overrideIncrement: found.increment ?? overrideIncrement,
        override: found,
      }
    : assignment;
}
