/** Puts the changes of an event into MikroORM's unit of work; the flush writes them. */

import { addRow } from '../../store/add-row.ts';
import { audit } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import { FailureCounterEntity } from '../../store/entities/failure-counter.ts';
import { LiftMaxEntity } from '../../store/entities/lift-max.ts';
import { LoggedSetEntity } from '../../store/entities/logged-set.ts';
import { ProgressionLogEntity } from '../../store/entities/progression-log.ts';
import { ProgressionStateEntity } from '../../store/entities/progression-state.ts';
import { StoredRequestEntity } from '../../store/entities/stored-request.ts';
import { insertOnly } from '../../store/insert-only.ts';
import { type FactOrigin, writeFacts } from '../../store/outbox.ts';
import type { Instant } from '../../values/instant.ts';
import { newId } from '../../values/new-id.ts';
import type { Application, Plan, RuleResult } from '../evaluation/plan.ts';
import { ruleKey, type Snapshot } from '../evaluation/snapshot.ts';
import {
  EVENT_TRIGGER_TYPES,
  type EventDetail,
  eventTriggerKey,
  type StoredSet,
  setTriggerKey,
  type TriggerEvent,
} from '../evaluation/trigger-event.ts';
import { factsOf } from './facts.ts';
import type { HandledEvent, TriggerCommand } from './trigger-command.ts';

/** New ids for the log rows of a plan; null where nothing is applied. */
export function newLogIds(results: readonly RuleResult[]): (string | null)[] {
  return results.map(({ application }) => (application ? newId() : null));
}

/** All changes of a handled event except the stored answer. */
export function writeChanges(
  tx: Transaction,
  handled: HandledEvent,
  snapshot: Snapshot,
  origin: Pick<FactOrigin, 'actor' | 'cause'>,
  recordedAt: Instant,
): void {
  const { accountId } = tx;
  const { event, plan, logIds } = handled;
  const { userId, detail } = event;
  const sessionId = 'sessionId' in detail ? detail.sessionId : null;
  for (const { set, isAlreadyLogged } of handled.sets) {
    if (!isAlreadyLogged && sessionId) {
      insertOnly(tx, LoggedSetEntity, loggedSetRow(set, { accountId, userId, sessionId, recordedAt }));
    }
  }
  writeApplications(tx, plan.results, logIds, { userId, sessionId, recordedAt });
  writeStates(tx, userId, snapshot, plan);
  auditForce(tx, handled, recordedAt);
  writeFacts(tx, factsOf(handled), { userId, ...origin, occurredAt: event.occurredAt, recordedAt });
}

/** A version and a log row for each result that applied. */
export function writeApplications(
  tx: Transaction,
  results: readonly RuleResult[],
  logIds: readonly (string | null)[],
  owner: { userId: string; sessionId: string | null; recordedAt: Instant },
): void {
  for (const [index, result] of results.entries()) {
    const logId = logIds[index];
    if (result.application && logId) {
      writeApplication(tx, result, result.application, { ...owner, logId });
    }
  }
}

/** Counters and stages; `stored` has those that have a row. */
export function writeStates(
  { accountId, em }: Transaction,
  userId: string,
  stored: Pick<Snapshot, 'failureCounts' | 'stages'>,
  changes: Pick<Plan, 'failureCounts' | 'stages'>,
): void {
  for (const { liftId, progressionId, value } of changes.failureCounts) {
    const key = { accountId, userId, liftId, progressionId };
    const count = stored.failureCounts.get(ruleKey(liftId, progressionId));
    if (count) {
      em.assign(em.merge(FailureCounterEntity, { ...key, ...count }), value);
    } else {
      addRow(em, FailureCounterEntity, { ...key, ...value });
    }
  }
  for (const { liftId, progressionId, value: stage } of changes.stages) {
    const key = { accountId, userId, liftId, progressionId };
    const known = stored.stages.get(ruleKey(liftId, progressionId));
    if (known === undefined) {
      addRow(em, ProgressionStateEntity, { ...key, stage });
    } else {
      em.assign(em.merge(ProgressionStateEntity, { ...key, stage: known }), { stage });
    }
  }
}

/** A forced trigger is audited, whether or not it applied anything. */
function auditForce(tx: Transaction, { event, logIds }: HandledEvent, now: Instant): void {
  const { userId, detail } = event;
  if (detail.type === 'MANUAL' && detail.force) {
    const { actor, progressionId, reason } = detail;
    audit(
      { tx, now, actor },
      {
        action: 'TriggerProgression',
        targetType: 'progression',
        targetId: progressionId,
        userId,
        reason,
        before: null,
        after: { forced: true, logIds: logIds.filter((id) => id !== null) },
      },
    );
  }
}

/** The ledger's row: the stored answer and, for the call that records an event, the event's identity. */
export function writeLedger(
  tx: Transaction,
  command: TriggerCommand,
  recorded: { event: TriggerEvent; enrollmentId: string } | null,
  response: Uint8Array,
  recordedAt: Instant,
): void {
  if (command.requestId === null) {
    return;
  }
  const triggerKey = recorded && ledgerKey(recorded.event.detail, recorded.enrollmentId);
  insertOnly(tx, StoredRequestEntity, {
    accountId: tx.accountId,
    method: command.method,
    requestId: command.requestId,
    fingerprint: command.fingerprint,
    response,
    userId: command.userId,
    triggerType: recorded && triggerKey ? EVENT_TRIGGER_TYPES[recorded.event.detail.type] : null,
    triggerKey,
    detail: recorded && storedDetail(recorded.event.detail),
    occurredAt: command.occurredAt,
    recordedAt,
  });
}

/** The details of a session, week or cycle; sets and manual triggers have rows of their own. */
function storedDetail({ type, ...said }: EventDetail): Record<string, unknown> | null {
  return type === 'SETS_LOGGED' || type === 'MANUAL' ? null : said;
}

/** Sets are identified by their last new one, manual triggers by their request. */
function ledgerKey(detail: EventDetail, enrollmentId: string): string | null {
  if (detail.type === 'SETS_LOGGED') {
    const last = detail.sets.at(-1);
    return last ? setTriggerKey(detail.sessionId, last) : null;
  }
  return detail.type === 'MANUAL' ? `manual:${detail.requestId}` : eventTriggerKey(detail, enrollmentId);
}

function writeApplication(
  { accountId, em }: Transaction,
  result: RuleResult,
  application: Application,
  {
    userId,
    sessionId,
    logId,
    recordedAt,
  }: { userId: string; sessionId: string | null; logId: string; recordedAt: Instant },
): void {
  const { liftId, maxType, progressionId, triggerType } = result;
  addRow(em, LiftMaxEntity, {
    accountId,
    id: newId(),
    userId,
    liftId,
    maxType,
    version: application.version,
    value: application.newValue,
    unit: application.unit,
    source: 'PROGRESSION',
    reason: '',
    effectiveAt: application.appliedAt,
    recordedAt,
  });
  addRow(em, ProgressionLogEntity, {
    accountId,
    id: logId,
    userId,
    progressionId,
    liftId,
    maxType,
    liftMaxVersion: application.version,
    previousValue: application.previousValue,
    newValue: application.newValue,
    delta: application.newValue.minus(application.previousValue),
    triggerType,
    triggerKey: application.triggerKey,
    triggerContext: application.context,
    sessionId,
    appliedAt: application.appliedAt,
    recordedAt,
    failuresBefore: application.failuresBefore,
    stageBefore: application.stageBefore,
    stageAfter: application.stageAfter,
    revertsLogId: null,
  });
}

function loggedSetRow(
  set: StoredSet,
  owner: { accountId: string; userId: string; sessionId: string; recordedAt: Instant },
) {
  const { id, liftId, setNumber, kind, weight, targetWeight, targetReps, repsPerformed, rpe, performedAt } =
    set;
  const planned = { targetWeight, targetReps };
  return { ...owner, id, liftId, setNumber, kind, weight, ...planned, repsPerformed, rpe, performedAt };
}
