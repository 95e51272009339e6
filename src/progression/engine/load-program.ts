/** Loads and caches the rules of programs, by revision. */
import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import { DomainError } from '../../errors/domain-error.ts';
import type { Transaction } from '../../store/database.ts';
import { assignRules, type ProgramRule, type ProgramRules } from '../evaluation/program-rules.ts';
import { ParametersError } from '../evaluation/rules/parameters.ts';
import type { Rule } from '../evaluation/rules/rule.ts';
import { createRule, isRuleType } from '../evaluation/rules/rule-types.ts';

/** A program as the engine keeps it: what is evaluated, and the length that its events must fit. */
export interface LoadedProgram extends ProgramRules {
  /** 1 also stands for a program that states no length. */
  readonly weeksPerCycle: number;
}

/** Loads programs for the unit of work. */
export interface ProgramLoader {
  /**
   * The rules of a program at `revision`, its number and identity, or at a newer one. Throws PROGRESSION_INVALID, naming the rule,
   * when a stored rule cannot be read.
   */
  load(tx: Transaction, programId: string, revision: string): Promise<LoadedProgram>;
}

interface ProgramRow {
  revision: string;
  weeks_per_cycle: number;
  lift_ids: string[];
}

interface RuleRow {
  id: string;
  progression_id: string;
  lift_id: string | null;
  priority: number;
  enabled: boolean;
  override_increment: string | null;
  type: string;
  parameters: unknown;
}

/** Creates a loader that caches up to `mostPrograms`; the oldest entries are removed first. */
export function createProgramLoader(mostPrograms: number): ProgramLoader {
  const kept = new Map<string, { revision: string; rules: LoadedProgram }>();
  return {
    async load(tx, programId, revision) {
      const key = `${tx.accountId} ${programId}`;
      const known = kept.get(key);
      if (known?.revision === revision) {
        return known.rules;
      }
      const loaded = await readProgram(tx, programId);
      kept.delete(key);
      kept.set(key, loaded);
      const [oldest] = kept.keys();
      if (kept.size > mostPrograms && oldest !== undefined) {
        kept.delete(oldest);
      }
      return loaded.rules;
    },
  };
}

/** One statement, so that the rows belong to the revision. */
async function readProgram(
  tx: Transaction,
  programId: string,
): Promise<{ revision: string; rules: LoadedProgram }> {
  const { rows } = await sql<ProgramRow & { rules: RuleRow[] }>`
    select p.revision || ' ' || p.revision_identity as revision, p.weeks_per_cycle,
      array(
        select l.lift_id from program_lifts l
        where l.account_id = ${tx.accountId} and l.program_id = p.id order by l.position, l.lift_id
      ) as lift_ids,
      (
        select coalesce(json_agg(json_build_object(
          'id', r.id, 'progression_id', r.progression_id, 'lift_id', r.lift_id, 'priority', r.priority,
          'enabled', r.enabled, 'override_increment', r.override_increment::text,
          'type', g.type, 'parameters', g.parameters)), '[]')
        from program_progressions r
        join progressions g on g.account_id = ${tx.accountId} and g.id = r.progression_id
        where r.account_id = ${tx.accountId} and r.program_id = p.id
      ) as rules
    from programs p
    where p.account_id = ${tx.accountId} and p.id = ${programId}`.execute(tx.sql);
  const [row] = rows;
  if (!row) {
    throw new DomainError('PROGRAM_NOT_FOUND', `program ${programId} does not exist`, {
      metadata: { programId },
    });
  }
  return {
    revision: row.revision,
    rules: {
      ...assignRules(programId, row.lift_ids, row.rules.map(programRuleOf)),
      weeksPerCycle: row.weeks_per_cycle,
    },
  };
}

/** One rule, also one that no program has any more. PROGRESSION_NOT_FOUND, PROGRESSION_INVALID. */
export async function loadRule(tx: Transaction, progressionId: string): Promise<Rule> {
  const { rows } = await sql<{ type: string; parameters: unknown }>`
    select type, parameters from progressions
    where account_id = ${tx.accountId} and id = ${progressionId}`.execute(tx.sql);
  const [row] = rows;
  if (!row) {
    throw new DomainError('PROGRESSION_NOT_FOUND', `progression ${progressionId} does not exist`, {
      metadata: { progressionId },
    });
  }
  return ruleOf(progressionId, row.type, row.parameters);
}

function programRuleOf(row: RuleRow): ProgramRule {
  return {
    programProgressionId: row.id,
    progressionId: row.progression_id,
    liftId: row.lift_id,
    priority: row.priority,
    enabled: row.enabled,
    overrideIncrement: row.override_increment === null ? null : new Decimal(row.override_increment),
    rule: ruleOf(row.progression_id, row.type, row.parameters),
  };
}

/** Builds a rule from a stored progression; throws PROGRESSION_INVALID. */
function ruleOf(progressionId: string, type: string, parameters: unknown): Rule {
  if (!isRuleType(type)) {
    throw progressionInvalid(progressionId, `its type ${type} is unknown`);
  }
  try {
    return createRule(type, parameters);
  } catch (error) {
    if (error instanceof ParametersError) {
      throw progressionInvalid(progressionId, error.message, error);
    }
    throw error;
  }
}

function progressionInvalid(progressionId: string, why: string, cause?: unknown): DomainError {
  return new DomainError('PROGRESSION_INVALID', `progression ${progressionId} cannot be read: ${why}`, {
    metadata: { progressionId },
    cause,
  });
}
