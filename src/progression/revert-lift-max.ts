/** RevertLiftMax: undoes a number that a person or a workflow set, and restores the failure counters it reset. */
import { sql } from 'kysely';
import { enumName, enumValue } from '../calls/enum-name.ts';
import { DomainError } from '../errors/domain-error.ts';
import { MaxTypeSchema } from '../gen/progression/v1/common_pb.ts';
import { WeightUnitSchema } from '../gen/progression/v1/program_service_pb.ts';
import type { RevertLiftMaxRequest } from '../gen/progression/v1/progression_service_pb.ts';
import { audit, type Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import { AuditEntryEntity } from '../store/entities/audit-entry.ts';
import type { LiftMax } from '../store/entities/lift-max.ts';
import { lockUser } from '../store/lock-user.ts';
import { appendLiftMax } from './engine/append-lift-max.ts';
import { notLatest } from './engine/compensate.ts';
import type { History, VersionItem } from './engine/history.ts';
import { loadHistory } from './engine/load-history.ts';
import { redecide } from './engine/redecide.ts';
import type { ResetCounter } from './engine/reset-rule-state.ts';
import type { CounterReading } from './engine/trigger-command.ts';
import { writeStates } from './engine/write-plan.ts';
import type { FailureCount } from './evaluation/snapshot.ts';
import { ruleKey } from './evaluation/snapshot.ts';
import { findLiftMax } from './lift-maxes.ts';
import { lastEnrollmentFrom, onlyRule } from './revert-progression.ts';
import { unitOf } from './set-lift-max.ts';

/**
 * Returns the version that was appended and the counters that were restored: to what they were, with the misses since.
 * USER_NOT_FOUND, LIFT_MAX_NOT_FOUND, NOT_LATEST_APPLICATION, UNIT_MISMATCH.
 */
export async function revertLiftMax(
  change: Change,
  request: RevertLiftMaxRequest,
): Promise<{ liftMax: LiftMax; failureCounters: CounterReading[] }> {
  const { tx } = change;
  const { userId, liftId, reason } = request;
  const maxType = enumName(MaxTypeSchema, request.maxType);
  await lockUser(tx, userId);
  const current = await findLiftMax(tx, userId, liftId, maxType);
  if (!current) {
    const metadata = { userId, liftId, maxType };
    throw new DomainError('LIFT_MAX_NOT_FOUND', `the user has no ${maxType} of lift ${liftId}`, { metadata });
  }
  const from = await lastEnrollmentFrom(tx, userId);
  const history = await loadHistory(tx, { userId, liftIds: [liftId], from });
  const versions = history.versions.filter((version) => version.maxType === maxType);
  const set = versions.find(({ version }) => version === request.version);
  const previous = versions.find(({ version }) => version === request.version - 1);
  const entry = await tx.em.findOne(AuditEntryEntity, {
    ...{ accountId: tx.accountId, userId, action: 'SetLiftMax', targetId: current.id },
  });
  if (!set || !previous || !entry || set.version !== current.version) {
    throw notLatest(
      versions.filter(({ version }) => version > request.version),
      { liftId, maxType, version: `${current.version}` },
    );
  }
  const unit = await unitOf(
    tx,
    { userId, liftId, unit: previous.unit ? enumValue(WeightUnitSchema, previous.unit) : 0 },
    current,
  );
  const made = appendLiftMax(change, {
    ...{ userId, liftId, maxType, current, value: previous.value, unit, reason },
  });
  const lost = (entry.before?.failureCounters ?? []) as readonly ResetCounter[];
  const failureCounters = await restoreCounters(change, { userId, set, lost, history });
  audit(change, {
    action: 'RevertLiftMax',
    targetType: 'lift_max',
    targetId: made.id,
    userId,
    reason,
    before: { liftId, maxType, version: current.version, value: current.value.toFixed() },
    after: {
      ...{ liftId, maxType, version: made.version, value: made.value.toFixed() },
      ...(failureCounters.length > 0 && {
        failureCounters: failureCounters.map(({ progressionId, consecutiveFailures }) => ({
          ...{ liftId, progressionId, consecutiveFailures },
        })),
      }),
    },
  });
  return { liftMax: made, failureCounters };
}

interface LostCounters {
  readonly userId: string;
  readonly set: VersionItem;
  readonly lost: readonly ResetCounter[];
  readonly history: History;
}

/** Counters that an enrollment or a reset set anew since are left alone. */
async function restoreCounters(
  { tx }: Change,
  { userId, set, lost, history }: LostCounters,
): Promise<CounterReading[]> {
  const restored: CounterReading[] = [];
  for (const { liftId, progressionId, consecutiveFailures } of lost) {
    const key = ruleKey(liftId, progressionId);
    const base = history.bases.get(key);
    const stored = history.failureCounts.get(key);
    if (!base || !stored || base.failures.from > set.sequence || history.from > set.sequence) {
      continue;
    }
    const failures = { from: base.failures.from, value: consecutiveFailures };
    const after = { ...history, bases: new Map([...history.bases, [key, { ...base, failures }]]) };
    const states = redecide({
      ...{ liftId, before: history, after },
      start: {
        ...{ userId, enrollmentId: '', takenInstants: new Set() },
        program: await onlyRule(tx, liftId, progressionId),
      },
      isUndone: () => false,
      isDecidedAgain: () => false,
    });
    await setBase(tx, userId, { liftId, progressionId, consecutiveFailures });
    writeStates(tx, userId, history, states);
    const value: FailureCount = states.failureCounts[0]?.value ?? stored;
    restored.push({ liftId, progressionId, ...value });
  }
  return restored;
}

/** From here on the counter follows from the events since. */
async function setBase(
  tx: Transaction,
  userId: string,
  { liftId, progressionId, consecutiveFailures }: ResetCounter,
): Promise<void> {
  await sql`
    update failure_counters set base_failures = ${consecutiveFailures}
    where account_id = ${tx.accountId} and user_id = ${userId} and lift_id = ${liftId}
      and progression_id = ${progressionId}`.execute(tx.sql);
}
