/** Resolves which rules of a program apply to which lifts, in what order, and what they are for one athlete. */
import type { Decimal } from 'decimal.js';
import type { Instant } from '../../values/instant.ts';
import type { Rule } from './rules/rule.ts';

/** Figures that are null are those of the program. */
export interface RuleOverride {
  readonly overrideId: string;
  readonly isOff: boolean;
  readonly increment: Decimal | null;
  readonly minValue: Decimal | null;
  readonly maxValue: Decimal | null;
  /** Events from then on are not concerned; null: no end. */
  readonly expiresAt: Instant | null;
}

/** A row of a program: a rule, for one lift or for all of them. */
export interface ProgramRule {
  readonly programProgressionId: string;
  readonly progressionId: string;
  /** Null: every lift of the program. */
  readonly liftId: string | null;
  readonly priority: number;
  readonly enabled: boolean;
  readonly overrideIncrement: Decimal | null;
  readonly rule: Rule;
}

/** A rule in scope of a lift. */
export interface Assignment extends ProgramRule {
  readonly liftId: string;
  /** What it differs by for the athlete, where it does; see assignmentAt. */
  readonly override?: RuleOverride;
}

/** A program as the engine evaluates it. */
export interface ProgramRules {
  readonly programId: string;
  readonly liftIds: readonly string[];
  /** In the order of evaluation. */
  readonly assignments: readonly Assignment[];
}

/**
 * Order: priority (lower first), then row id, then the program's order of lifts. Scope: for a lift with rows
 * of its own for a (trigger type, max type), enabled or not, the program-wide rows of that pair do not apply;
 * a disabled lift row opts the lift out.
 */
export function assignRules(
  programId: string,
  liftIds: readonly string[],
  rules: readonly ProgramRule[],
): ProgramRules {
  const pairOf = (liftId: string, { rule }: ProgramRule) => `${liftId} ${rule.triggerType} ${rule.maxType}`;
  const pairsWithOwnRows = new Set(
    rules.flatMap((row) => (row.liftId === null ? [] : [pairOf(row.liftId, row)])),
  );
  const assignments = rules
    .toSorted(
      (a, b) => a.priority - b.priority || compareText(a.programProgressionId, b.programProgressionId),
    )
    .flatMap((row) => {
      if (row.liftId !== null) {
        return [{ ...row, liftId: row.liftId }];
      }
      return liftIds
        .filter((liftId) => !pairsWithOwnRows.has(pairOf(liftId, row)))
        .map((liftId) => ({ ...row, liftId }));
    });
  return { programId, liftIds, assignments };
}

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

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
