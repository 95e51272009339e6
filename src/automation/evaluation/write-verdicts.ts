/**
 * Writes verdicts: execution logs, enrollments, holds, cap counters, and dead letters of triggers that
 * failed.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import { TriggerExecutionLogEntity } from '../../store/entities/trigger-execution-log.ts';
import { WorkflowEnrollmentEntity } from '../../store/entities/workflow-enrollment.ts';
import { fact, writeFacts } from '../../store/outbox.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { newId } from '../../values/new-id.ts';
import { toEventSnapshot } from '../decision/accepted-event.ts';
import { computeCapCounter, enrolls, type Verdict } from '../decision/decide.ts';
import { type CapCounter, toCapCounterKey } from '../decision/enrollment-state.ts';
import { type RetryLimits, writeTriggerFailures } from './write-dead-letters.ts';

export interface Recording {
  readonly kind: 'LIVE' | 'REPLAY';
  readonly now: Instant;
  readonly limits: RetryLimits;
  /** Synthetic events (backfill): rows written from them store no event id or payload. */
  readonly hasSyntheticEvents?: boolean;
}

/** Returns the enrollment ids by verdict. Log and enrollment rows are written by the transaction's flush. */
export async function writeVerdicts(
  tx: Transaction,
  verdicts: readonly Verdict[],
  recording: Recording,
): Promise<ReadonlyMap<Verdict, string>> {
  const enrolling = verdicts.filter(enrolls);
  const enrollmentIds = new Map(enrolling.map((verdict) => [verdict, newId()]));
  if (enrolling.length > 0) {
    for (const [verdict, id] of enrollmentIds) {
      writeEnrollment(tx, verdict, id, recording);
    }
    await takeCapSlots(tx, enrolling);
  }
  for (const verdict of verdicts.filter(isLogged)) {
    writeLog(tx, verdict, enrollmentIds.get(verdict) ?? null, recording);
  }
  await writeHolds(tx, verdicts, recording.now);
  // A synthetic event cannot be retried.
  const failed = recording.hasSyntheticEvents ? [] : verdicts.filter(({ reason }) => reason === 'ERROR');
  await writeTriggerFailures(tx, failed, recording.now, recording.limits);
  return enrollmentIds;
}

/** Whether the verdict gets an execution log row: the filter matched, or the trigger failed. */
function isLogged({ match, reason }: Verdict): boolean {
  return match.matched || reason === 'ERROR';
}

function writeEnrollment(
  { accountId, em }: Transaction,
  { match, opensAt, workflowVersion, exitEvents }: Verdict,
  id: string,
  { now, hasSyntheticEvents }: Recording,
): void {
  const { event, trigger, userId } = match;
  em.create(WorkflowEnrollmentEntity, {
    accountId,
    id,
    workflowId: trigger.workflowId,
    workflowVersion,
    triggerId: trigger.id,
    triggerVersion: trigger.version,
    userId,
    eventId: hasSyntheticEvents ? null : event.id,
    event: hasSyntheticEvents ? {} : toEventSnapshot(event),
    cause: {
      rootEventId: event.rootEventId,
      causationId: event.id,
      depth: event.depth + 1,
      chain: [...event.chain, trigger.workflowId],
    },
    state: opensAt === null ? 'TRIGGERED' : 'QUEUED',
    nextStep: 0,
    attempts: 0,
    dueAt: opensAt ?? now,
    pausedDueAt: null,
    enrolledAt: event.occurredAt,
    recordedAt: now,
    endedAt: null,
    endedReason: null,
    listensTo: exitEvents.length > 0 ? [...exitEvents] : null,
    received: null,
  });
}

function writeLog(
  { accountId, em }: Transaction,
  { match, reason, values }: Verdict,
  enrollmentId: string | null,
  { kind, now, hasSyntheticEvents }: Recording,
): void {
  const { event, trigger, userId, matched } = match;
  const enrolled = reason === 'ENROLLED';
  em.create(TriggerExecutionLogEntity, {
    accountId,
    id: newId(),
    triggerId: trigger.id,
    triggerVersion: trigger.version,
    workflowId: trigger.workflowId,
    userId,
    eventId: hasSyntheticEvents ? null : event.id,
    kind,
    eventData: hasSyntheticEvents ? {} : toEventSnapshot(event),
    // A failed trigger has no result yet; its retry will log one.
    matched: matched && reason !== 'ERROR',
    enrolled,
    failureReason: enrolled ? null : reason,
    enrollmentId,
    details: values,
    executedAt: now,
  });
}

/** Increments the cap counters of the enrollments. The caller has locked the counters. */
export async function takeCapSlots(
  { accountId, sql: db }: Transaction,
  enrolling: readonly Verdict[],
): Promise<void> {
  const taken = new Map<string, { counter: CapCounter; slots: number }>();
  for (const { match } of enrolling) {
    const counter = computeCapCounter(match);
    if (counter) {
      const key = toCapCounterKey(counter);
      taken.set(key, { counter, slots: (taken.get(key)?.slots ?? 0) + 1 });
    }
  }
  if (taken.size > 0) {
    const rows = [...taken.values()];
    await sql`
      update enrollment_caps c set count = c.count + t.slots
      from unnest(
        ${rows.map(({ counter }) => counter.name)}::text[],
        ${rows.map(({ counter }) => String(counter.windowSeconds))}::bigint[],
        ${rows.map(({ counter }) => instantToText(counter.windowBeganAt))}::timestamptz[],
        ${rows.map(({ slots }) => slots)}::int[]
      ) as t(name, window_seconds, window_began_at, slots)
      where c.account_id = ${accountId} and c.name = t.name and c.window_seconds = t.window_seconds
        and c.window_began_at = t.window_began_at`.execute(db);
  }
}

/** Writes the holds that the verdicts place or prolong; a placed one is told as the event `hold_placed`. */
export async function writeHolds(tx: Transaction, verdicts: readonly Verdict[], now: Instant): Promise<void> {
  const placed = verdicts.filter(({ hold }) => hold === 'PLACED');
  const prolonged = verdicts.filter(({ hold }) => hold === 'PROLONGED');
  const at = sql`${instantToText(now)}::timestamptz`;
  if (placed.length > 0) {
    await sql`
      insert into workflow_holds (account_id, workflow_id, user_id, held_at, last_event_at)
      select a.id, h.workflow_id, h.user_id, ${at}, ${at} from accounts a cross join ${toPairs(placed)} h
      where a.id = ${tx.accountId}
      on conflict (account_id, workflow_id, user_id)
      do update set held_at = excluded.held_at, last_event_at = excluded.last_event_at, released_at = null`.execute(
      tx.sql,
    );
    for (const verdict of placed) {
      emitHoldPlaced(tx, verdict, now);
    }
  }
  if (prolonged.length > 0) {
    await sql`
      update workflow_holds w set last_event_at = ${at} from ${toPairs(prolonged)} h
      where w.account_id = ${tx.accountId} and w.workflow_id = h.workflow_id and w.user_id = h.user_id`.execute(
      tx.sql,
    );
  }
}

function toPairs(verdicts: readonly Verdict[]): RawBuilder<unknown> {
  const workflowIds = verdicts.map(({ match }) => match.trigger.workflowId);
  const userIds = verdicts.map(({ match }) => match.userId);
  return sql`(select distinct * from unnest(${workflowIds}::uuid[], ${userIds}::uuid[]) as h(workflow_id, user_id))`;
}

/**
 * The event begins a chain of causes of its own: the depth of the loop must not keep workflows from reacting to
 * the hold. The held workflow is in the chain, so that it does not start itself by it.
 */
function emitHoldPlaced(tx: Transaction, { match, values }: Verdict, now: Instant): void {
  const { event, trigger, userId } = match;
  const { workflowId } = trigger;
  const data = {
    workflow_id: workflowId,
    trigger_event: event.type,
    enrollments: Number(values.enrollments),
  };
  writeFacts(tx, [fact('hold_placed', data)], {
    userId,
    actor: 'AUTOMATION',
    cause: { rootEventId: event.id, causationId: event.id, depth: 1, chain: [workflowId] },
    occurredAt: now,
    recordedAt: now,
  });
}
