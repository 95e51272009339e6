/**
 * UpdateProgram: replaces the fields that the request sets; lifts that a rule row or a day references must
 * stay.
 */
import { LockMode } from '@mikro-orm/core';
import { enumName } from '../../calls/enum-name.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { type UpdateProgramRequest, WeightUnitSchema } from '../../gen/progression/v1/program_service_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import type { Lift } from '../../store/entities/lift.ts';
import type { Program } from '../../store/entities/program.ts';
import { ProgramLiftEntity } from '../../store/entities/program-lift.ts';
import { ProgramProgressionEntity } from '../../store/entities/program-progression.ts';
import { programDays, requireLifts } from './program-contents.ts';
import { reviseProgram } from './program-revision.ts';
import { auditedProgram, liftsOfPrograms, type ProgramWithLifts, requireProgram } from './programs.ts';

/**
 * PROGRAM_NOT_FOUND, LIFT_NOT_FOUND, SLUG_TAKEN, LIFT_NOT_IN_PROGRAM for a day's lift; IN_USE for a lift that
 * must stay.
 */
export async function updateProgram(
  change: Change,
  request: UpdateProgramRequest,
): Promise<ProgramWithLifts> {
  const { tx, now } = change;
  const program = await requireProgram(tx, request.programId, LockMode.PESSIMISTIC_WRITE);
  const currentLifts = (await liftsOfPrograms(tx, [program])).get(program.id) ?? [];
  const before = auditedProgram({ program, lifts: currentLifts });
  const lifts = request.replaceLifts ? await requireLifts(tx, request.liftIds) : currentLifts;
  if (request.replaceDays) {
    program.days = programDays(request.days, lifts);
  }
  if (request.replaceLifts) {
    await replaceLifts(tx, program, lifts);
  }
  program.slug = request.slug || program.slug;
  program.name = request.name || program.name;
  program.description = request.description ?? program.description;
  program.source = request.source ?? program.source;
  program.unit = request.unit === 0 ? program.unit : enumName(WeightUnitSchema, request.unit);
  program.weeksPerCycle = request.weeksPerCycle || program.weeksPerCycle;
  program.sessionsPerWeek = request.sessionsPerWeek || program.sessionsPerWeek;
  program.updatedAt = now;
  await reviseProgram(tx, program.id);
  audit(change, {
    action: 'UpdateProgram',
    targetType: 'program',
    targetId: program.id,
    before,
    after: auditedProgram({ program, lifts }),
  });
  return { program, lifts };
}

async function replaceLifts(tx: Transaction, program: Program, lifts: readonly Lift[]): Promise<void> {
  const ofProgram = { accountId: tx.accountId, programId: program.id };
  const positions = new Map(lifts.map((lift, position) => [lift.id, position]));
  for (const place of await tx.em.find(ProgramLiftEntity, ofProgram)) {
    const position = positions.get(place.liftId);
    if (position === undefined) {
      await requireUnused(tx, program, place.liftId);
      tx.em.remove(place);
    } else {
      place.position = position;
      positions.delete(place.liftId);
    }
  }
  for (const [liftId, position] of positions) {
    tx.em.create(ProgramLiftEntity, { ...ofProgram, liftId, position });
  }
}

async function requireUnused(tx: Transaction, program: Program, liftId: string): Promise<void> {
  const day = program.days.find(({ liftIds }) => liftIds.includes(liftId));
  const where = { accountId: tx.accountId, programId: program.id, liftId };
  const row = day ? null : await tx.em.findOne(ProgramProgressionEntity, where);
  if (day || row) {
    const user = day ? `day ${day.slug}` : `program progression ${row?.id}`;
    throw new DomainError('IN_USE', `lift ${liftId} must stay: ${user} names it`, {
      metadata: { liftId, programId: program.id },
    });
  }
}
