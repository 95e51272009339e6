/** Progressions: the account's rules. CreateProgression, UpdateProgression, and their lists. */
import { LockMode } from '@mikro-orm/core';
import { sql } from 'kysely';
import { enumName } from '../../calls/enum-name.ts';
import { DomainError, invalidFields } from '../../errors/domain-error.ts';
import { ProgressionTypeSchema } from '../../gen/progression/v1/common_pb.ts';
import type { ListProgressionsRequest } from '../../gen/progression/v1/program_service_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import { type Progression, ProgressionEntity } from '../../store/entities/progression.ts';
import { isAfterNameAndId, type Page, readPage } from '../../store/page.ts';
import { newId } from '../../values/new-id.ts';
import { reviseProgramsUsing } from '../programs/program-revision.ts';
import type { JsonRule } from './rule-to-stored.ts';

/** The live progression with this id; throws PROGRESSION_NOT_FOUND. */
export async function getProgression(
  tx: Transaction,
  progressionId: string,
  lockMode?: LockMode,
): Promise<Progression> {
  const where = { accountId: tx.accountId, id: progressionId, deletedAt: null };
  const progression = await tx.em.findOne(ProgressionEntity, where, { lockMode });
  if (!progression) {
    throw new DomainError('PROGRESSION_NOT_FOUND', `progression ${progressionId} does not exist`, {
      metadata: { progressionId },
    });
  }
  return progression;
}

/** Ordered by name, then id; of one type when the request names one. */
export function listProgressions(
  tx: Transaction,
  request: ListProgressionsRequest,
  defaultPageSize: number,
): Promise<Page<Progression>> {
  const type = request.type === 0 ? undefined : enumName(ProgressionTypeSchema, request.type);
  const live = { accountId: tx.accountId, deletedAt: null, ...(type && { type }) };
  return readPage(
    {
      filter: ['ListProgressions', tx.accountId, type ?? ''],
      keyKinds: ['text', 'uuid'],
      defaultPageSize,
      keyOf: (progression: Progression) => [progression.name, progression.id],
      rows: (after, limit) =>
        tx.em.find(ProgressionEntity, after ? { ...live, ...isAfterNameAndId(after) } : live, {
          orderBy: { name: 'asc', id: 'asc' },
          limit,
        }),
      count: () => tx.em.count(ProgressionEntity, live),
    },
    request,
  );
}

/** PROGRESSION_NOT_FOUND; IN_USE while a live program uses the rule. */
export async function deleteProgression(change: Change, progressionId: string): Promise<void> {
  const { tx, now } = change;
  const progression = await getProgression(tx, progressionId, LockMode.PESSIMISTIC_WRITE);
  const { rows } = await sql<{ id: string }>`
    select program.id from program_progressions place
    join programs program on program.account_id = place.account_id and program.id = place.program_id
    where place.account_id = ${tx.accountId} and place.progression_id = ${progressionId}
      and program.deleted_at is null
    limit 1`.execute(tx.sql);
  const [program] = rows;
  if (program) {
    throw new DomainError('IN_USE', `progression ${progressionId} is in program ${program.id}`, {
      metadata: { progressionId, programId: program.id },
    });
  }
  progression.deletedAt = now;
  audit(change, {
    action: 'DeleteProgression',
    targetType: 'progression',
    targetId: progression.id,
    before: auditedProgression(progression),
    after: null,
  });
}

/** The rule in the audit trail. */
export function auditedProgression({ name, type, parameters }: Progression): Record<string, unknown> {
  return { name, type, parameters };
}

/** `rule` has been validated; see parametersToStored. */
export async function createProgression(change: Change, name: string, rule: JsonRule): Promise<Progression> {
  const { tx, now } = change;
  const progression = tx.em.create(ProgressionEntity, {
    accountId: tx.accountId,
    id: newId(),
    name,
    type: rule.type,
    parameters: rule.parameters,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  });
  audit(change, {
    action: 'CreateProgression',
    targetType: 'progression',
    targetId: progression.id,
    before: null,
    after: auditedProgression(progression),
  });
  return progression;
}

export interface ProgressionUpdate {
  readonly progressionId: string;
  /** Empty: unchanged. */
  readonly name: string;
  /** Validated; see parametersToStored. Undefined: unchanged. */
  readonly rule: JsonRule | undefined;
}

/**
 * PROGRESSION_NOT_FOUND; VALIDATION_FAILED when the parameters are of another type. The rule is locked before
 * the programs that use it, as everywhere, so that no program can start to use it meanwhile.
 */
export async function updateProgression(change: Change, update: ProgressionUpdate): Promise<Progression> {
  const { tx, now } = change;
  const progression = await getProgression(tx, update.progressionId, LockMode.PESSIMISTIC_WRITE);
  const before = auditedProgression(progression);
  if (update.rule && update.rule.type !== progression.type) {
    const description = `must be of type ${progression.type}: the type of a progression cannot change`;
    throw invalidFields([{ field: 'parameters', description }]);
  }
  progression.name = update.name || progression.name;
  progression.parameters = update.rule?.parameters ?? progression.parameters;
  progression.updatedAt = now;
  await reviseProgramsUsing(tx, progression.id);
  audit(change, {
    action: 'UpdateProgression',
    targetType: 'progression',
    targetId: progression.id,
    before,
    after: auditedProgression(progression),
  });
  return progression;
}
