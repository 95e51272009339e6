/** Program progressions: the rows that place rules in a program, and their increment overrides. */
import { LockMode } from '@mikro-orm/core';
import { Decimal } from 'decimal.js';
import { DomainError, invalidFields } from '../../errors/domain-error.ts';
import type {
  ListProgramProgressionsRequest,
  UpdateProgramProgressionRequest,
} from '../../gen/progression/v1/program_service_pb.ts';
import { createRule, isRuleType } from '../../progression/evaluation/rules/rule-types.ts';
import { audit, type Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import {
  type ProgramProgression,
  ProgramProgressionEntity,
} from '../../store/entities/program-progression.ts';
import type { Progression } from '../../store/entities/progression.ts';
import { type Page, readPage } from '../../store/page.ts';
import { getProgression } from '../rules/progressions.ts';
import { reviseProgram } from './program-revision.ts';
import { findProgram, requireProgram } from './programs.ts';

/**
 * The row with this id in a live program; throws PROGRAM_PROGRESSION_NOT_FOUND. With a lock mode the program
 * is locked before the row is read, as for every change of a program's rows.
 */
export async function getProgramProgression(
  tx: Transaction,
  programProgressionId: string,
  lockMode?: LockMode,
): Promise<ProgramProgression> {
  const where = { accountId: tx.accountId, id: programProgressionId };
  const found = await tx.em.findOne(ProgramProgressionEntity, where);
  const program = found && (await findProgram(tx, found.programId, lockMode));
  const row = program && (await tx.em.findOne(ProgramProgressionEntity, where, { refresh: true }));
  if (!row) {
    throw new DomainError(
      'PROGRAM_PROGRESSION_NOT_FOUND',
      `program progression ${programProgressionId} does not exist`,
      { metadata: { programProgressionId } },
    );
  }
  return row;
}

/** Ordered by priority, then id. PROGRAM_NOT_FOUND. */
export async function listProgramProgressions(
  tx: Transaction,
  request: ListProgramProgressionsRequest,
  defaultPageSize: number,
): Promise<Page<ProgramProgression>> {
  const program = await requireProgram(tx, request.programId);
  const ofProgram = { accountId: tx.accountId, programId: program.id };
  return readPage(
    {
      filter: ['ListProgramProgressions', tx.accountId, program.id],
      keyKinds: ['integer', 'uuid'],
      defaultPageSize,
      keyOf: (row: ProgramProgression) => [row.priority, row.id],
      rows: (after, limit) => {
        const where = after
          ? {
              ...ofProgram,
              $or: [{ priority: { $gt: after[0] } }, { priority: after[0], id: { $gt: after[1] } }],
            }
          : ofProgram;
        return tx.em.find(ProgramProgressionEntity, where, {
          orderBy: { priority: 'asc', id: 'asc' },
          limit,
        });
      },
      count: () => tx.em.count(ProgramProgressionEntity, ofProgram),
    },
    request,
  );
}

/** PROGRAM_PROGRESSION_NOT_FOUND. The rule itself stays. */
export async function deleteProgramProgression(change: Change, programProgressionId: string): Promise<void> {
  const { tx } = change;
  const row = await getProgramProgression(tx, programProgressionId, LockMode.PESSIMISTIC_WRITE);
  tx.em.remove(row);
  await reviseProgram(tx, row.programId);
  audit(change, {
    action: 'DeleteProgramProgression',
    targetType: 'program_progression',
    targetId: row.id,
    before: auditedProgramProgression(row),
    after: null,
  });
}

/** The row in the audit trail. */
export function auditedProgramProgression(row: ProgramProgression): Record<string, unknown> {
  const { programId, progressionId, liftId, priority, enabled } = row;
  const overrideIncrement = row.overrideIncrement?.toFixed() ?? null;
  return { programId, progressionId, liftId, priority, enabled, overrideIncrement };
}

const FIELD = 'override_increment';

/** The weight in a request; null for an empty one. VALIDATION_FAILED when it is not above 0. */
export function readOverrideIncrement(text: string): Decimal | null {
  if (text === '') {
    return null;
  }
  const increment = new Decimal(text);
  if (!increment.gt(0)) {
    throw invalidFields([{ field: FIELD, description: 'must be above 0' }]);
  }
  return increment;
}

/** VALIDATION_FAILED when the rule's type has no increment. */
export function requireIncrement({ type, parameters }: Progression, field = FIELD): void {
  if (!isRuleType(type) || !createRule(type, parameters).takesOverrideIncrement) {
    throw invalidFields([{ field, description: `a ${type} has no increment to override` }]);
  }
}

/**
 * UpdateProgramProgression. PROGRAM_PROGRESSION_NOT_FOUND; VALIDATION_FAILED for an override that the rule's
 * type does not support. `overrideIncrement` is the parsed value of the request: undefined keeps the
 * override, null removes it.
 */
export async function updateProgramProgression(
  change: Change,
  request: UpdateProgramProgressionRequest,
  overrideIncrement: Decimal | null | undefined,
): Promise<ProgramProgression> {
  const { tx, now } = change;
  const row = await getProgramProgression(tx, request.programProgressionId, LockMode.PESSIMISTIC_WRITE);
  const before = auditedProgramProgression(row);
  if (overrideIncrement) {
    requireIncrement(await getProgression(tx, row.progressionId));
  }
  row.priority = request.priority ?? row.priority;
  row.enabled = request.enabled ?? row.enabled;
  row.overrideIncrement = overrideIncrement === undefined ? row.overrideIncrement : overrideIncrement;
  row.updatedAt = now;
  await reviseProgram(tx, row.programId);
  audit(change, {
    action: 'UpdateProgramProgression',
    targetType: 'program_progression',
    targetId: row.id,
    before,
    after: auditedProgramProgression(row),
  });
  return row;
}
