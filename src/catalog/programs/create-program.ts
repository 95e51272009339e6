/** CreateProgram: adds a program without rules. */
import { enumName } from '../../calls/enum-name.ts';
import { type CreateProgramRequest, WeightUnitSchema } from '../../gen/progression/v1/program_service_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import { ProgramEntity } from '../../store/entities/program.ts';
import { ProgramLiftEntity } from '../../store/entities/program-lift.ts';
import { newId } from '../../values/new-id.ts';
import { loadStepOf, programDays, requireLifts, trainingMaxPercentOf } from './program-contents.ts';
import { auditedProgram, type ProgramWithLifts } from './programs.ts';

/**
 * LIFT_NOT_FOUND; LIFT_NOT_IN_PROGRAM for a day's lift that the program does not list; SLUG_TAKEN when a live
 * program has the slug.
 */
export async function createProgram(
  change: Change,
  request: CreateProgramRequest,
): Promise<ProgramWithLifts> {
  const { tx, now } = change;
  const { accountId } = tx;
  const lifts = await requireLifts(tx, request.liftIds);
  const weeksPerCycle = request.weeksPerCycle || 1;
  const program = tx.em.create(ProgramEntity, {
    accountId,
    id: newId(),
    slug: request.slug,
    name: request.name,
    description: request.description,
    source: request.source,
    unit: request.unit === 0 ? '' : enumName(WeightUnitSchema, request.unit),
    weeksPerCycle,
    sessionsPerWeek: request.sessionsPerWeek || Math.max(request.days.length, 1),
    days: programDays(request.days, lifts, weeksPerCycle),
    loadStep: loadStepOf(request.loadStep),
    trainingMaxPercent: trainingMaxPercentOf(request.trainingMaxPercent),
    revision: 1n,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  });
  // Flushed first: program lifts reference the program, which MikroORM does not know.
  await tx.em.flush();
  for (const [position, lift] of lifts.entries()) {
    tx.em.create(ProgramLiftEntity, { accountId, programId: program.id, liftId: lift.id, position });
  }
  audit(change, {
    action: 'CreateProgram',
    targetType: 'program',
    targetId: program.id,
    before: null,
    after: auditedProgram({ program, lifts }),
  });
  return { program, lifts };
}
