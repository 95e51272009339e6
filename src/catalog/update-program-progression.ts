/** UpdateProgramProgression: a rule's priority, whether it is on, and what replaces its increment. */
import { LockMode } from '@mikro-orm/core';
import type { Decimal } from 'decimal.js';
import type { UpdateProgramProgressionRequest } from '../gen/progression/v1/program_service_pb.ts';
import { audit, type Change } from '../store/change.ts';
import type { ProgramProgression } from '../store/entities/program-progression.ts';
import { requireIncrement } from './override-increment.ts';
import { auditedProgramProgression, getProgramProgression } from './program-progressions.ts';
import { reviseProgram } from './program-revision.ts';
import { getProgression } from './progressions.ts';

/**
 * PROGRAM_PROGRESSION_NOT_FOUND; VALIDATION_FAILED for an override that the rule's type does not take.
 * `overrideIncrement` is the request's, read: undefined leaves it, null takes it away.
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
