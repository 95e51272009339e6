/** CreateProgramProgression: adds a rule to a program, for one lift or for all its lifts. */
import { LockMode } from '@mikro-orm/core';
import type { Decimal } from 'decimal.js';
import { DomainError } from '../../errors/domain-error.ts';
import type { CreateProgramProgressionRequest } from '../../gen/progression/v1/program_service_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import { ProgramLiftEntity } from '../../store/entities/program-lift.ts';
import {
  type ProgramProgression,
  ProgramProgressionEntity,
} from '../../store/entities/program-progression.ts';
import { newId } from '../../values/new-id.ts';
import { getLift } from '../lifts.ts';
import { getProgression } from '../rules/progressions.ts';
import { auditedProgramProgression, requireIncrement } from './program-progressions.ts';
import { reviseProgram } from './program-revision.ts';
import { requireProgram } from './programs.ts';

/**
 * PROGRESSION_NOT_FOUND, PROGRAM_NOT_FOUND, LIFT_NOT_FOUND; LIFT_NOT_IN_PROGRAM; PROGRAM_PROGRESSION_EXISTS
 * when the program already has the rule for this lift; VALIDATION_FAILED for an override that the rule's type
 * does not support. `overrideIncrement` is the parsed value of the request.
 */
export async function createProgramProgression(
  change: Change,
  request: CreateProgramProgressionRequest,
  overrideIncrement: Decimal | null,
): Promise<ProgramProgression> {
  const { tx, now } = change;
  const progression = await getProgression(tx, request.progressionId, LockMode.PESSIMISTIC_READ);
  const program = await requireProgram(tx, request.programId, LockMode.PESSIMISTIC_WRITE);
  const liftId = request.liftId === '' ? null : await requireLiftOfProgram(tx, program.id, request.liftId);
  if (overrideIncrement) {
    requireIncrement(progression);
  }
  const row = tx.em.create(ProgramProgressionEntity, {
    accountId: tx.accountId,
    id: newId(),
    programId: program.id,
    progressionId: progression.id,
    liftId,
    priority: request.priority,
    enabled: request.enabled ?? true,
    overrideIncrement,
    createdAt: now,
    updatedAt: now,
  });
  await reviseProgram(tx, program.id);
  audit(change, {
    action: 'CreateProgramProgression',
    targetType: 'program_progression',
    targetId: row.id,
    before: null,
    after: auditedProgramProgression(row),
  });
  return row;
}

async function requireLiftOfProgram(tx: Transaction, programId: string, liftId: string): Promise<string> {
  const lift = await getLift(tx, liftId);
  const where = { accountId: tx.accountId, programId, liftId: lift.id };
  if (!(await tx.em.findOne(ProgramLiftEntity, where))) {
    throw new DomainError('LIFT_NOT_IN_PROGRAM', `lift ${lift.id} is not in program ${programId}`, {
      metadata: { liftId: lift.id, programId },
    });
  }
  return lift.id;
}
