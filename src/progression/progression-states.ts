/** GetProgressionState, ListProgressionStates and SetProgressionState: the stages that athletes are at. */
import { sql } from 'kysely';
import { DomainError, invalidFields } from '../errors/domain-error.ts';
import type {
  GetProgressionStateRequest,
  ListProgressionStatesRequest,
  SetProgressionStateRequest,
} from '../gen/progression/v1/progression_service_pb.ts';
import { audit, type Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import { LiftEntity } from '../store/entities/lift.ts';
import { ProgressionEntity } from '../store/entities/progression.ts';
import { ProgressionStateEntity } from '../store/entities/progression-state.ts';
import { lockUser, requireUser } from '../store/lock-user.ts';
import { type Page, readPage } from '../store/page.ts';
import { setStage } from './engine/reset-rule-state.ts';
import type { StageParameters } from './evaluation/rules/rule.ts';
import { createRule } from './evaluation/rules/rule-types.ts';

/** The stage that an athlete is at, and how many there are. */
export interface StateReading {
  readonly userId: string;
  readonly liftId: string;
  readonly progressionId: string;
  readonly stage: StageParameters & { readonly index: number };
  readonly totalStages: number;
}

type StateKey = Pick<StateReading, 'userId' | 'liftId' | 'progressionId'>;

/**
 * The first stage when the athlete never left it. USER_NOT_FOUND, LIFT_NOT_FOUND, PROGRESSION_NOT_FOUND;
 * VALIDATION_FAILED for a rule without stages.
 */
export async function getProgressionState(
  tx: Transaction,
  { userId, liftId, progressionId }: GetProgressionStateRequest,
): Promise<StateReading> {
  await requireUser(tx, userId);
  const stages = await requireStages(tx, liftId, progressionId);
  const key = { userId, liftId, progressionId };
  const stored = await tx.em.findOne(ProgressionStateEntity, { accountId: tx.accountId, ...key });
  return readingOf(key, stages, stored?.stage ?? 0);
}

/** The states of the athlete that were ever written, by lift and rule. USER_NOT_FOUND. */
export async function listProgressionStates(
  tx: Transaction,
  request: ListProgressionStatesRequest,
  defaultPageSize: number,
): Promise<Page<StateReading>> {
  const { userId } = request;
  await requireUser(tx, userId);
  const owned = sql`s.account_id = ${tx.accountId} and s.user_id = ${userId}`;
  return readPage(
    {
      filter: ['ListProgressionStates', tx.accountId, userId],
      keyKinds: ['uuid', 'uuid'],
      defaultPageSize,
      keyOf: (state: StateReading) => [state.liftId, state.progressionId],
      async rows(after, limit) {
        const { rows } = await sql<{
          lift_id: string;
          progression_id: string;
          stage: number;
          parameters: unknown;
        }>`
          select s.lift_id, s.progression_id, s.stage, p.parameters
          from progression_states s
          join progressions p on p.account_id = s.account_id and p.id = s.progression_id
          where ${owned}
            ${after ? sql`and (s.lift_id, s.progression_id) > (${after[0]}::uuid, ${after[1]}::uuid)` : sql``}
          order by s.lift_id, s.progression_id limit ${limit}`.execute(tx.sql);
        return rows.map(({ lift_id: liftId, progression_id: progressionId, stage, parameters }) =>
          readingOf({ userId, liftId, progressionId }, stagesOf(parameters), stage),
        );
      },
      async count() {
        const { rows } = await sql<{ count: string }>`
          select count(*) from progression_states s where ${owned}`.execute(tx.sql);
        return Number(rows[0]?.count);
      },
    },
    request,
  );
}

/**
 * Puts the athlete at a stage, with a trace; the max stays. USER_NOT_FOUND, LIFT_NOT_FOUND, PROGRESSION_NOT_FOUND;
 * VALIDATION_FAILED for a rule without stages, and for a stage that it does not have.
 */
export async function setProgressionState(
  change: Change,
  { userId, liftId, progressionId, stage, reason }: SetProgressionStateRequest,
): Promise<StateReading> {
  const { tx } = change;
  await lockUser(tx, userId);
  const stages = await requireStages(tx, liftId, progressionId);
  if (stage >= stages.length) {
    const description = `must be from 0 to ${stages.length - 1}, not ${stage}`;
    throw invalidFields([{ field: 'stage', description }]);
  }
  const key = { userId, liftId, progressionId };
  const before = await setStage(change, { ...key, stage });
  audit(change, {
    action: 'SetProgressionState',
    targetType: 'progression_state',
    targetId: progressionId,
    userId,
    reason,
    before: { liftId, stage: before },
    after: { liftId, stage },
  });
  return readingOf(key, stages, stage);
}

async function requireStages(
  { accountId, em }: Transaction,
  liftId: string,
  progressionId: string,
): Promise<readonly StageParameters[]> {
  if ((await em.count(LiftEntity, { accountId, id: liftId })) === 0) {
    throw new DomainError('LIFT_NOT_FOUND', `lift ${liftId} does not exist`, { metadata: { liftId } });
  }
  const progression = await em.findOne(ProgressionEntity, { accountId, id: progressionId });
  if (!progression) {
    throw new DomainError('PROGRESSION_NOT_FOUND', `progression ${progressionId} does not exist`, {
      metadata: { progressionId },
    });
  }
  if (progression.type !== 'STAGE_PROGRESSION') {
    const description = `must be a STAGE_PROGRESSION, not a ${progression.type}`;
    throw invalidFields([{ field: 'progression_id', description }]);
  }
  return stagesOf(progression.parameters);
}

function stagesOf(parameters: unknown): readonly StageParameters[] {
  return createRule('STAGE_PROGRESSION', parameters).stages ?? [];
}

/** A stage beyond the rule's list, left over from a longer list, counts as its last one, as in evaluation. */
function readingOf(key: StateKey, stages: readonly StageParameters[], stored: number): StateReading {
  const index = Math.min(stored, stages.length - 1);
  const stage = stages[index];
  if (!stage) {
    throw new TypeError('a stage progression has at least one stage');
  }
  return { ...key, stage: { index, ...stage }, totalStages: stages.length };
}
