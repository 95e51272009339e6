/** Programs: lifts in order, and a calendar of days. program-progressions.ts has their rules. */
import { LockMode } from '@mikro-orm/core';
import { sql } from 'kysely';
import { DomainError } from '../../errors/domain-error.ts';
import type { ListProgramsRequest } from '../../gen/progression/v1/program_service_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import { type Lift, LiftEntity } from '../../store/entities/lift.ts';
import { type Program, ProgramEntity } from '../../store/entities/program.ts';
import { ProgramLiftEntity } from '../../store/entities/program-lift.ts';
import { type Page, readPage } from '../../store/page.ts';
import { reviseProgram } from './program-revision.ts';

/** A program and its lifts, in its order. */
export interface ProgramWithLifts {
  readonly program: Program;
  readonly lifts: readonly Lift[];
}

/** The live program with this id, or null. A change of a program or its rows locks it first. */
export function findProgram(
  tx: Transaction,
  programId: string,
  lockMode?: LockMode,
): Promise<Program | null> {
  const where = { accountId: tx.accountId, id: programId, deletedAt: null };
  return tx.em.findOne(ProgramEntity, where, { lockMode });
}

/** The live program with this id; throws PROGRAM_NOT_FOUND. */
export async function requireProgram(
  tx: Transaction,
  programId: string,
  lockMode?: LockMode,
): Promise<Program> {
  const program = await findProgram(tx, programId, lockMode);
  if (!program) {
    throw new DomainError('PROGRAM_NOT_FOUND', `program ${programId} does not exist`, {
      metadata: { programId },
    });
  }
  return program;
}

export async function getProgram(tx: Transaction, programId: string): Promise<ProgramWithLifts> {
  const program = await requireProgram(tx, programId);
  const lifts = (await liftsOfPrograms(tx, [program])).get(program.id) ?? [];
  return { program, lifts };
}

/** Ordered by slug. */
export async function listPrograms(
  tx: Transaction,
  request: ListProgramsRequest,
  defaultPageSize: number,
): Promise<Page<ProgramWithLifts>> {
  const live = { accountId: tx.accountId, deletedAt: null };
  const page = await readPage(
    {
      filter: ['ListPrograms', tx.accountId],
      keyKinds: ['text'],
      defaultPageSize,
      keyOf: (program: Program) => [program.slug],
      rows: (after, limit) =>
        tx.em.find(ProgramEntity, after ? { ...live, slug: { $gt: after[0] } } : live, {
          orderBy: { slug: 'asc' },
          limit,
        }),
      count: () => tx.em.count(ProgramEntity, live),
    },
    request,
  );
  const lifts = await liftsOfPrograms(tx, page.rows);
  return { ...page, rows: page.rows.map((program) => ({ program, lifts: lifts.get(program.id) ?? [] })) };
}

/** PROGRAM_NOT_FOUND; IN_USE while an athlete is ACTIVE or PAUSED on it. */
export async function deleteProgram(change: Change, programId: string): Promise<void> {
  const { tx, now } = change;
  const program = await requireProgram(tx, programId, LockMode.PESSIMISTIC_WRITE);
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from enrollments
    where account_id = ${tx.accountId} and program_id = ${programId}
      and status in ('ACTIVE', 'PAUSED')`.execute(tx.sql);
  const enrolled = rows[0]?.count ?? 0;
  if (enrolled > 0) {
    throw new DomainError('IN_USE', `${enrolled} athletes are ACTIVE or PAUSED on program ${programId}`, {
      metadata: { programId, enrollments: String(enrolled) },
    });
  }
  const lifts = (await liftsOfPrograms(tx, [program])).get(program.id) ?? [];
  program.deletedAt = now;
  await reviseProgram(tx, program.id);
  audit(change, {
    action: 'DeleteProgram',
    targetType: 'program',
    targetId: program.id,
    before: auditedProgram({ program, lifts }),
    after: null,
  });
}

/** The program in the audit trail. */
export function auditedProgram({ program, lifts }: ProgramWithLifts): Record<string, unknown> {
  const { slug, name, description, source, unit, weeksPerCycle, sessionsPerWeek, days } = program;
  const loadStep = program.loadStep?.toFixed() ?? null;
  const trainingMaxPercent = program.trainingMaxPercent?.toFixed() ?? null;
  const liftIds = lifts.map((lift) => lift.id);
  const calendar = { weeksPerCycle, sessionsPerWeek, days, loadStep, trainingMaxPercent };
  return { slug, name, description, source, unit, ...calendar, liftIds };
}

/** The lifts of each program, in its order, by program id. */
export async function liftsOfPrograms(
  tx: Transaction,
  programs: readonly Program[],
): Promise<Map<string, Lift[]>> {
  const { accountId } = tx;
  const programIds = programs.map((program) => program.id);
  const places = await tx.em.find(
    ProgramLiftEntity,
    { accountId, programId: { $in: programIds } },
    { orderBy: { position: 'asc', liftId: 'asc' } },
  );
  const liftIds = places.map((place) => place.liftId);
  const lifts = await tx.em.find(LiftEntity, { accountId, id: { $in: [...new Set(liftIds)] } });
  const liftsById = new Map(lifts.map((lift) => [lift.id, lift]));
  const ofProgram = new Map<string, Lift[]>(programIds.map((programId) => [programId, []]));
  for (const { programId, liftId } of places) {
    const lift = liftsById.get(liftId);
    if (lift) {
      ofProgram.get(programId)?.push(lift);
    }
  }
  return ofProgram;
}
