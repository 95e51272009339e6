/** RevertProgression: undoes the latest application to a lift max with a compensating log row. */
import { sql } from 'kysely';
import { DomainError } from '../errors/domain-error.ts';
import type { RevertProgressionRequest } from '../gen/progression/v1/progression_service_pb.ts';
import { audit, type Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import type { LiftMax } from '../store/entities/lift-max.ts';
import { type ProgressionLog, ProgressionLogEntity } from '../store/entities/progression-log.ts';
import { lockUser } from '../store/lock-user.ts';
import { compensate, notLatest } from './engine/compensate.ts';
import type { ProgressionLogRow } from './engine/lift-max-message.ts';
import { loadHistory } from './engine/load-history.ts';
import { loadRule } from './engine/load-program.ts';
import { redecide } from './engine/redecide.ts';
import { writeStates } from './engine/write-plan.ts';
import { findProgressionLog } from './list-progression-logs.ts';

/**
 * Returns the compensating row and the max after it. Counters and stages are as if the application had not been.
 * USER_NOT_FOUND, PROGRESSION_LOG_NOT_FOUND, NOT_LATEST_APPLICATION.
 */
export async function revertProgression(
  change: Change,
  request: RevertProgressionRequest,
): Promise<{ log: ProgressionLogRow; liftMax: LiftMax }> {
  const { tx } = change;
  const { userId, reason } = request;
  await lockUser(tx, userId);
  const { id, liftId, progressionId } = await requireLog(tx, userId, request.logId);
  const from = await lastEnrollmentFrom(tx, userId);
  const history = await loadHistory(tx, { userId, liftIds: [liftId], from });
  const { undone, inTheWay, ...states } = redecide({
    liftId,
    before: history,
    after: history,
    start: {
      userId,
      enrollmentId: '',
      program: await onlyRule(tx, liftId, progressionId),
      takenInstants: new Set(),
    },
    isUndone: ({ log }) => log.logId === id,
    isDecidedAgain: () => false,
  });
  if (undone.length === 0 || inTheWay.length > 0) {
    throw notLatest(inTheWay, { logId: id });
  }
  const [made] = await compensate(change, userId, history, undone, {
    reason,
    method: 'RevertProgression',
  });
  if (!made) {
    throw new TypeError('the application was not undone');
  }
  writeStates(tx, userId, history, states);
  const { liftMax, logId } = made;
  audit(change, {
    action: 'RevertProgression',
    targetType: 'progression_log',
    targetId: id,
    userId,
    reason,
    before: { version: liftMax.version - 1, value: made.previousValue.toFixed() },
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

/** Where the athlete's last enrollment began, or was last resumed, also when it is not ACTIVE any more. */
export async function lastEnrollmentFrom(tx: Transaction, userId: string): Promise<string> {
  const { rows } = await sql<{ from: string }>`
    select coalesce(max(active_from_sequence), 0) as from from enrollments
    where account_id = ${tx.accountId} and user_id = ${userId}`.execute(tx.sql);
  return rows[0]?.from ?? '0';
}

/** The rule of the application, which was in force when it applied, whatever the program is now. */
export async function onlyRule(tx: Transaction, liftId: string, progressionId: string) {
  const rule = await loadRule(tx, progressionId);
  const row = {
    programProgressionId: '',
    progressionId,
    priority: 0,
    enabled: true,
    overrideIncrement: null,
  };
  return { programId: '', liftIds: [liftId], assignments: [{ ...row, liftId, rule }] };
}
