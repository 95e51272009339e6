/**
 * UpdateProgram: replaces the fields that the request sets; lifts that a rule row or a day references must
 * stay.
 */
import { LockMode } from '@mikro-orm/core';
import { sql } from 'kysely';
import { enumName } from '../../calls/enum-name.ts';
import { DomainError, invalidFields } from '../../errors/domain-error.ts';
import { type UpdateProgramRequest, WeightUnitSchema } from '../../gen/progression/v1/program_service_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import type { Lift } from '../../store/entities/lift.ts';
import type { Program } from '../../store/entities/program.ts';
import { ProgramLiftEntity } from '../../store/entities/program-lift.ts';
import { ProgramProgressionEntity } from '../../store/entities/program-progression.ts';
import { weeksBeyond } from './prescriptions.ts';
import { loadStepOf, programDays, requireLifts, trainingMaxPercentOf } from './program-contents.ts';
import { reviseProgram } from './program-revision.ts';
import { auditedProgram, liftsOfPrograms, type ProgramWithLifts, requireProgram } from './programs.ts';

/**
 * PROGRAM_NOT_FOUND, LIFT_NOT_FOUND, SLUG_TAKEN, LIFT_NOT_IN_PROGRAM for a day's lift; IN_USE for a lift that
 * must stay; UNIT_MISMATCH for another unit than athletes train in.
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
  program.weeksPerCycle = request.weeksPerCycle || program.weeksPerCycle;
  if (request.replaceDays) {
    program.days = programDays(request.days, lifts, program.weeksPerCycle);
  } else {
    refuseShorterCycle(program);
  }
  if (request.replaceLifts) {
    await replaceLifts(tx, program, lifts);
  }
  program.slug = request.slug || program.slug;
  program.name = request.name || program.name;
  program.description = request.description ?? program.description;
  program.source = request.source ?? program.source;
  if (request.unit !== 0) {
    const unit = enumName(WeightUnitSchema, request.unit);
    await requireUnitFree(tx, program, unit);
    program.unit = unit;
  }
  program.loadStep = loadStepOf(request.loadStep) ?? program.loadStep;
  program.trainingMaxPercent = trainingMaxPercentOf(request.trainingMaxPercent) ?? program.trainingMaxPercent;
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

/** Days that stay may prescribe for weeks that the cycle no longer has. */
function refuseShorterCycle({ days, weeksPerCycle }: Program): void {
  const [beyond] = weeksBeyond(days, weeksPerCycle);
  if (beyond) {
    const description = `is too short for what the days prescribe: ${beyond.field} ${beyond.description}`;
    throw invalidFields([{ field: 'weeks_per_cycle', description }]);
  }
}

/**
 * The figures of the rules and the athletes' maxes would be in two units. A program without a unit may get the one that
 * its ACTIVE athletes' maxes are in; PAUSED athletes meet the unit when they resume.
 */
async function requireUnitFree(tx: Transaction, { id, unit: current }: Program, unit: string): Promise<void> {
  if (unit === current) {
    return;
  }
  const { rows } = await sql<{ user_id: string }>`
    select e.user_id from enrollments e
    where e.account_id = ${tx.accountId} and e.program_id = ${id} and e.status = 'ACTIVE'
      and (${current !== ''} or exists (
        select from program_lifts l
        cross join lateral (
          select m.unit from lift_maxes f
          cross join lateral (
            select unit from lift_maxes
            where account_id = ${tx.accountId} and user_id = f.user_id and lift_id = f.lift_id
              and max_type = f.max_type
            order by version desc limit 1
          ) m
          where f.account_id = ${tx.accountId} and f.user_id = e.user_id and f.lift_id = l.lift_id and f.version = 1
        ) latest
        where l.account_id = ${tx.accountId} and l.program_id = e.program_id and latest.unit not in ('', ${unit})
      ))
    order by e.user_id`.execute(tx.sql);
  const [first] = rows;
  if (first) {
    throw new DomainError(
      'UNIT_MISMATCH',
      `the program cannot go over to ${unit} while athletes are ACTIVE on it (${rows.length}): copy it`,
      { metadata: { programId: id, unit: current, userId: first.user_id, users: String(rows.length) } },
    );
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
