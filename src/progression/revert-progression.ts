/** RevertProgression: undoes the latest application to a lift max with a compensating log row. */
import type { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import { DomainError } from '../errors/domain-error.ts';
import type { RevertProgressionRequest } from '../gen/progression/v1/progression_service_pb.ts';
import { audit, type Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import { FailureCounterEntity } from '../store/entities/failure-counter.ts';
import type { LiftMax } from '../store/entities/lift-max.ts';
import { type ProgressionLog, ProgressionLogEntity } from '../store/entities/progression-log.ts';
import { ProgressionStateEntity } from '../store/entities/progression-state.ts';
import { lockUser } from '../store/lock-user.ts';
import { newId } from '../values/new-id.ts';
import { appendLiftMax } from './engine/append-lift-max.ts';
import type { ProgressionLogRow } from './engine/lift-max-message.ts';
import { loadTakenInstants } from './engine/load-snapshots.ts';
import { freeInstant } from './evaluation/triggers/trigger.ts';
import { findLiftMax, type LiftMaxVersion } from './lift-maxes.ts';
import { findProgressionLog } from './list-progression-logs.ts';

/**
 * Returns the compensating row and the max after it. USER_NOT_FOUND, PROGRESSION_LOG_NOT_FOUND,
 * NOT_LATEST_APPLICATION.
 */
export async function revertProgression(
  change: Change,
  request: RevertProgressionRequest,
): Promise<{ log: ProgressionLogRow; liftMax: LiftMax }> {
  const { tx } = change;
  const { userId, reason } = request;
  await lockUser(tx, userId);
  const undone = await requireLog(tx, userId, request.logId);
  await refuseUnlessLatest(tx, undone);
  const current = await requireCurrent(tx, undone);
  const liftMax = appendLiftMax(change, {
    userId,
    liftId: undone.liftId,
    maxType: undone.maxType,
    current,
    value: undone.previousValue,
    unit: current.unit,
    source: 'REVERT',
    reason,
  });
  const stages = await restoreStage(tx, undone);
  const logId = await writeCompensation(change, {
    undone,
    liftMax,
    previousValue: current.value,
    stages,
    reason,
  });
  await restoreFailures(tx, undone);
  audit(change, {
    action: 'RevertProgression',
    targetType: 'progression_log',
    targetId: undone.id,
    userId,
    reason,
    before: { version: current.version, value: current.value.toFixed() },
    after: { version: liftMax.version, value: liftMax.value.toFixed(), logId },
  });
  await tx.em.flush();
  const log = await findProgressionLog(tx, userId, logId);
  if (!log) {
    throw new TypeError('the compensating row was not written');
  }
  return { log, liftMax };
}

async function requireLog(tx: Transaction, userId: string, logId: string): Promise<ProgressionLog> {
  const log = await tx.em.findOne(ProgressionLogEntity, { accountId: tx.accountId, id: logId, userId });
  if (!log) {
    throw new DomainError('PROGRESSION_LOG_NOT_FOUND', `log row ${logId} does not exist`, {
      metadata: { logId },
    });
  }
  return log;
}

/**
 * An application is the latest one when it stands, and every later version belongs to an undone application.
 */
async function refuseUnlessLatest(tx: Transaction, log: ProgressionLog): Promise<void> {
  const { rows } = await sql<{ is_latest: boolean }>`
    select not exists (
      select from lift_maxes m
      where m.account_id = ${tx.accountId} and m.user_id = ${log.userId} and m.lift_id = ${log.liftId}
        and m.max_type = ${log.maxType} and m.version > ${log.liftMaxVersion} and m.source <> 'REVERT'
        and not exists (
          select from progression_logs l
          join progression_logs r on r.account_id = l.account_id and r.reverts_log_id = l.id
          where l.account_id = m.account_id and l.user_id = m.user_id and l.lift_id = m.lift_id
            and l.max_type = m.max_type and l.lift_max_version = m.version
        )
    ) and not exists (
      select from progression_logs r where r.account_id = ${tx.accountId} and r.reverts_log_id = ${log.id}
    ) as is_latest`.execute(tx.sql);
  if (log.revertsLogId || !rows[0]?.is_latest) {
    throw new DomainError(
      'NOT_LATEST_APPLICATION',
      'only the latest application of a lift max that still stands can be reverted',
      { metadata: { logId: log.id } },
    );
  }
}

async function requireCurrent(tx: Transaction, log: ProgressionLog): Promise<LiftMaxVersion> {
  const current = await findLiftMax(tx, log.userId, log.liftId, log.maxType);
  if (!current) {
    throw new TypeError('a log row has no lift max');
  }
  return current;
}

interface Compensation {
  readonly undone: ProgressionLog;
  readonly liftMax: LiftMax;
  readonly previousValue: Decimal;
  readonly stages: StageChange | null;
  readonly reason: string;
}

async function writeCompensation(
  { tx, now, actor }: Change,
  { undone, liftMax, previousValue, stages, reason }: Compensation,
): Promise<string> {
  const { userId, progressionId, liftId, maxType } = undone;
  const taken = await loadTakenInstants(tx, [{ userId, from: now, to: now }]);
  const id = newId();
  tx.em.create(ProgressionLogEntity, {
    accountId: tx.accountId,
    id,
    userId,
    progressionId,
    liftId,
    maxType,
    liftMaxVersion: liftMax.version,
    previousValue,
    newValue: liftMax.value,
    delta: liftMax.value.minus(previousValue),
    triggerType: 'MANUAL',
    triggerKey: `revert:${undone.id}`,
    triggerContext: { manual: true, forced: false, reason, actor, revertedLogId: undone.id },
    sessionId: null,
    appliedAt: freeInstant(now, taken.get(userId) ?? new Set()),
    recordedAt: now,
    failuresBefore: null,
    stageBefore: stages?.before ?? null,
    stageAfter: stages?.after ?? null,
    revertsLogId: undone.id,
  });
  return id;
}

/**
 * Restores the failures that the application reset, unless the athlete has succeeded, or they were reset,
 * since.
 */
async function restoreFailures(tx: Transaction, undone: ProgressionLog): Promise<void> {
  const counter =
    undone.failuresBefore === null || undone.failuresBefore === undefined
      ? null
      : await tx.em.findOne(FailureCounterEntity, ruleOf(tx, undone));
  const isReset = (counter?.resetAt ?? 0n) > undone.recordedAt;
  if (counter && !isReset && (counter.lastSuccessAt ?? 0n) <= undone.appliedAt) {
    counter.consecutiveFailures += undone.failuresBefore ?? 0;
  }
}

interface StageChange {
  readonly before: number;
  readonly after: number;
}

/** The stage that the application left comes back, unless a new enrollment or a person has set it since. */
async function restoreStage(tx: Transaction, undone: ProgressionLog): Promise<StageChange | null> {
  if (undone.stageBefore === null || undone.stageBefore === undefined) {
    return null;
  }
  const state = await tx.em.findOne(ProgressionStateEntity, ruleOf(tx, undone));
  if (!state || (state.setAt ?? 0n) > undone.recordedAt) {
    return null;
  }
  const before = state.stage;
  state.stage = undone.stageBefore;
  return { before, after: undone.stageBefore };
}

function ruleOf({ accountId }: Transaction, { userId, liftId, progressionId }: ProgressionLog) {
  return { accountId, userId, liftId, progressionId };
}
