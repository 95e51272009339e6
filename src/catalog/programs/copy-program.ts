/** CopyProgram: copies a program of the account or of the catalogue to a new, independent program. */
import { LockMode } from '@mikro-orm/core';
import { DomainError } from '../../errors/domain-error.ts';
import type { CopyProgramRequest } from '../../gen/progression/v1/program_service_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import type { Lift } from '../../store/entities/lift.ts';
import { ProgramProgressionEntity } from '../../store/entities/program-progression.ts';
import { ProgressionEntity } from '../../store/entities/progression.ts';
import { newId } from '../../values/new-id.ts';
import { CATALOG_PROGRAMS } from '../canonical/catalog.ts';
import { ensureLifts } from '../lifts.ts';
import type { Blueprint } from './blueprint.ts';
import { insertPrograms, type MadeProgram, makeProgram } from './make-program.ts';
import { auditedProgramProgression } from './program-progressions.ts';
import { auditedProgram, liftsOfPrograms, requireProgram } from './programs.ts';

/** PROGRAM_NOT_FOUND, CATALOG_PROGRAM_NOT_FOUND; SLUG_TAKEN when a live program has the slug. */
export async function copyProgram(change: Change, request: CopyProgramRequest): Promise<MadeProgram> {
  const { tx, now } = change;
  const original = await originalOf(tx, request);
  const slug = request.slug || original.slug;
  const name = request.name || original.name;
  const lifts = await ensureLifts(change, original.lifts, newId);
  const making = { accountId: tx.accountId, now, lifts, makeId: newId };
  const copy = makeProgram({ ...original, slug, name }, making);
  await insertPrograms(tx, [copy]);
  audit(change, {
    action: 'CopyProgram',
    targetType: 'program',
    targetId: copy.program.id,
    before: null,
    after: {
      ...auditedProgram(copy),
      copyOf: request.from.value,
      rules: copy.rows.map(auditedProgramProgression),
    },
  });
  return copy;
}

async function originalOf(tx: Transaction, { from }: CopyProgramRequest): Promise<Blueprint> {
  if (from.case === 'programId') {
    return blueprintOf(tx, from.value);
  }
  const found = CATALOG_PROGRAMS.find((program) => program.slug === from.value);
  if (!found) {
    throw new DomainError('CATALOG_PROGRAM_NOT_FOUND', `the catalogue has no program ${from.value}`, {
      metadata: { catalogSlug: from.value ?? '' },
    });
  }
  return found;
}

/**
 * Locks the program, so that changes of it and of its rules, which increment its revision, wait for the copy.
 */
async function blueprintOf(tx: Transaction, programId: string): Promise<Blueprint> {
  const program = await requireProgram(tx, programId, LockMode.PESSIMISTIC_READ);
  const { accountId } = tx;
  const lifts = (await liftsOfPrograms(tx, [program])).get(program.id) ?? [];
  const rows = await tx.em.find(ProgramProgressionEntity, { accountId, programId: program.id });
  const ruleIds = [...new Set(rows.map((row) => row.progressionId))];
  const rules = await tx.em.find(ProgressionEntity, { accountId, id: { $in: ruleIds } });
  const slugOf = slugsById(lifts);
  const { slug, name, description, source, unit, weeksPerCycle, sessionsPerWeek } = program;
  return {
    ...{ slug, name, description, source, unit, weeksPerCycle, sessionsPerWeek },
    lifts,
    loadStep: program.loadStep?.toFixed(),
    trainingMaxPercent: program.trainingMaxPercent?.toFixed(),
    days: program.days.map((day) => ({
      slug: day.slug,
      liftSlugs: day.liftIds.map(slugOf),
      prescriptions: day.prescriptions?.map(({ liftId, ...groups }) => ({
        liftSlug: slugOf(liftId),
        ...groups,
      })),
    })),
    rules: rules.map(({ id, name, type, parameters }) => ({
      name,
      type,
      parameters,
      places: rows
        .filter((row) => row.progressionId === id)
        .map(({ liftId, priority, enabled, overrideIncrement }) => ({
          liftSlug: liftId ? slugOf(liftId) : null,
          priority,
          enabled,
          overrideIncrement: overrideIncrement?.toFixed() ?? null,
        })),
    })),
  };
}

function slugsById(lifts: readonly Lift[]): (liftId: string) => string {
  const slugs = new Map(lifts.map((lift) => [lift.id, lift.slug]));
  return (liftId) => {
    const slug = slugs.get(liftId);
    if (slug === undefined) {
      throw new TypeError(`a program names a lift ${liftId} that it does not hold`);
    }
    return slug;
  };
}
