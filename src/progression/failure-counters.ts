/**
 * GetFailureCounter, ListFailureCounters and ResetFailureCounter: consecutive failures, counted separately by
 * each rule.
 */
import { DomainError } from '../errors/domain-error.ts';
import type {
  GetFailureCounterRequest,
  ListFailureCountersRequest,
  ResetFailureCounterRequest,
} from '../gen/progression/v1/progression_service_pb.ts';
import { audit, type Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import { type FailureCounter, FailureCounterEntity } from '../store/entities/failure-counter.ts';
import { LiftEntity } from '../store/entities/lift.ts';
import { ProgressionEntity } from '../store/entities/progression.ts';
import { lockUser, requireUser } from '../store/lock-user.ts';
import { type Page, readPage } from '../store/page.ts';
import { resetCounter } from './engine/reset-rule-state.ts';
import type { CounterReading } from './engine/trigger-command.ts';

/** 0 when it was never changed. USER_NOT_FOUND, LIFT_NOT_FOUND, PROGRESSION_NOT_FOUND. */
export async function getFailureCounter(
  tx: Transaction,
  { userId, liftId, progressionId }: GetFailureCounterRequest,
): Promise<CounterReading> {
  await requireUser(tx, userId);
  await requireRule(tx, liftId, progressionId);
  return findCounter(tx, { userId, liftId, progressionId });
}

/** The athlete's counters that were ever changed, by lift and rule. */
export async function listFailureCounters(
  tx: Transaction,
  request: ListFailureCountersRequest,
  defaultPageSize: number,
): Promise<Page<CounterReading>> {
  const { userId } = request;
  await requireUser(tx, userId);
  const owned = { accountId: tx.accountId, userId };
  return readPage(
    {
      filter: ['ListFailureCounters', tx.accountId, userId],
      keyKinds: ['uuid', 'uuid'],
      defaultPageSize,
      keyOf: (counter: CounterReading) => [counter.liftId, counter.progressionId],
      async rows(after, limit) {
        const behind = after
          ? { $or: [{ liftId: { $gt: after[0] } }, { liftId: after[0], progressionId: { $gt: after[1] } }] }
          : {};
        const found = await tx.em.find(
          FailureCounterEntity,
          { ...owned, ...behind },
          { orderBy: { liftId: 'asc', progressionId: 'asc' }, limit },
        );
        return found.map(readingOf);
      },
      count: () => tx.em.count(FailureCounterEntity, owned),
    },
    request,
  );
}

/** Resets the counter to 0, audited. USER_NOT_FOUND, LIFT_NOT_FOUND, PROGRESSION_NOT_FOUND. */
export async function resetFailureCounter(
  change: Change,
  { userId, liftId, progressionId, reason }: ResetFailureCounterRequest,
): Promise<CounterReading> {
  const { tx } = change;
  await lockUser(tx, userId);
  await requireRule(tx, liftId, progressionId);
  const [lost] = await resetCounter(change, { userId, liftId, progressionId });
  audit(change, {
    action: 'ResetFailureCounter',
    targetType: 'failure_counter',
    targetId: progressionId,
    userId,
    reason,
    before: { liftId, consecutiveFailures: lost?.consecutiveFailures ?? 0 },
    after: { liftId, consecutiveFailures: 0 },
  });
  return findCounter(tx, { userId, liftId, progressionId });
}

async function findCounter(
  { accountId, em }: Transaction,
  rule: { userId: string; liftId: string; progressionId: string },
): Promise<CounterReading> {
  const stored = await em.findOne(FailureCounterEntity, { accountId, ...rule });
  return stored ? readingOf(stored) : neverCounted(rule.liftId, rule.progressionId);
}

function readingOf(counter: FailureCounter): CounterReading {
  const { liftId, progressionId, consecutiveFailures, lastFailureAt, lastSuccessAt } = counter;
  return {
    liftId,
    progressionId,
    consecutiveFailures,
    lastFailureAt: lastFailureAt ?? null,
    lastSuccessAt: lastSuccessAt ?? null,
  };
}

function neverCounted(liftId: string, progressionId: string): CounterReading {
  return { liftId, progressionId, consecutiveFailures: 0, lastFailureAt: null, lastSuccessAt: null };
}

async function requireRule(tx: Transaction, liftId: string, progressionId: string): Promise<void> {
  const { accountId, em } = tx;
  if ((await em.count(LiftEntity, { accountId, id: liftId })) === 0) {
    throw new DomainError('LIFT_NOT_FOUND', `lift ${liftId} does not exist`, { metadata: { liftId } });
  }
  if ((await em.count(ProgressionEntity, { accountId, id: progressionId })) === 0) {
    throw new DomainError('PROGRESSION_NOT_FOUND', `progression ${progressionId} does not exist`, {
      metadata: { progressionId },
    });
  }
}
