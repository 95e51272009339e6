/**
 * Statements on an enrollment that is queued for business hours; all run under the lock of its athlete's
 * partition.
 */
import { sql } from 'kysely';
import type { JsonObject } from '../../filters/filter.ts';
import type { Transaction } from '../../store/database.ts';
import type { Cause, FactActor } from '../../store/entities/outbox-entry.ts';
import { lockPartitionOf } from '../../store/lock-partition.ts';
import { type Instant, instantFromText, instantToText } from '../../values/instant.ts';
import type { AcceptedEvent } from '../decision/accepted-event.ts';
import { type CapCounter, toCapCounter, toCapCounterKey } from '../decision/enrollment-state.ts';
import { readStoredPolicy } from '../decision/trigger-policy.ts';
import { nextAttemptAt, type RetryLimits } from './write-dead-letters.ts';

export interface QueuedEnrollment {
  readonly id: string;
  readonly workflowId: string;
  readonly triggerId: string;
  readonly triggerVersion: number;
  readonly userId: string;
  /** Null for an enrollment of a backfill. */
  readonly eventId: string | null;
  /** Built by `toEventSnapshot`. */
  readonly event: JsonObject;
  readonly cause: Cause;
  readonly attempts: number;
  readonly enrolledAt: string;
}

/**
 * Locks the athlete's partition and returns the enrollment if it is still due; the row stays locked until the
 * transaction ends.
 */
export async function lockQueued(
  tx: Transaction,
  enrollmentId: string,
  now: Instant,
): Promise<QueuedEnrollment | undefined> {
  const { accountId, sql: db } = tx;
  const { rows: known } = await sql<{ user_id: string }>`
    select user_id from workflow_enrollments where account_id = ${accountId} and id = ${enrollmentId}`.execute(
    db,
  );
  await lockPartitionOf(tx, known[0]?.user_id ?? accountId);
  const { rows } = await sql<QueuedEnrollment>`
    select id, workflow_id as "workflowId", trigger_id as "triggerId", trigger_version as "triggerVersion",
      user_id as "userId", event_id as "eventId", event, cause, attempts, enrolled_at as "enrolledAt"
    from workflow_enrollments
    where account_id = ${accountId} and id = ${enrollmentId} and state = 'QUEUED'
      and due_at <= ${instantToText(now)}::timestamptz
    for update`.execute(db);
  return rows[0];
}

/** Rebuilds the event that started the enrollment from its stored snapshot. */
export function toStartingEvent({
  eventId,
  id,
  userId,
  event,
  cause,
  enrolledAt,
}: QueuedEnrollment): AcceptedEvent {
  const occurredAt = instantFromText(enrolledAt);
  return {
    id: eventId ?? id,
    type: typeof event.type === 'string' ? event.type : '',
    userId,
    occurredAt,
    recordedAt: occurredAt,
    sequence: 0n,
    position: 0,
    // Snapshots from before actors were stored have none.
    actor: (event.actor as FactActor | undefined) ?? 'SYSTEM',
    data: (event.data as JsonObject | undefined) ?? {},
    previous: (event.previous as JsonObject | null | undefined) ?? null,
    rootEventId: cause.rootEventId,
    causationId: null,
    // The stored cause is that of the enrollment's steps, one level deeper than the event.
    depth: cause.depth - 1,
    chain: cause.chain.slice(0, -1),
    triggerId: null,
    occurrenceKey: null,
  };
}

/**
 * The cap counters that the enrollments incremented when they were queued. Enrollments whose stored settings
 * are unreadable are left out.
 */
export async function loadHeldCapCounters(
  { accountId, sql: db }: Transaction,
  queued: readonly HeldCapSlot[],
): Promise<CapCounter[]> {
  const versions = new Map(queued.map((each) => [toVersionKey(each), each]));
  const { rows } = await sql<{ triggerId: string; triggerVersion: number; settings: unknown }>`
    select v.trigger_id as "triggerId", v.version as "triggerVersion", v.settings
    from unnest(
      ${[...versions.values()].map(({ triggerId }) => triggerId)}::uuid[],
      ${[...versions.values()].map(({ triggerVersion }) => triggerVersion)}::int[]
    ) as q(trigger_id, version)
    join trigger_versions v
      on v.account_id = ${accountId} and v.trigger_id = q.trigger_id and v.version = q.version`.execute(db);
  const settings = new Map(rows.map((row) => [toVersionKey(row), row.settings]));
  return queued.flatMap((each) => toHeldCapCounter(each, settings.get(toVersionKey(each))) ?? []);
}

/** The fields that identify the cap slot of an enrollment. */
export type HeldCapSlot = Pick<
  QueuedEnrollment,
  'workflowId' | 'triggerId' | 'triggerVersion' | 'enrolledAt'
>;

function toVersionKey({
  triggerId,
  triggerVersion,
}: Pick<HeldCapSlot, 'triggerId' | 'triggerVersion'>): string {
  return `${triggerId} ${triggerVersion}`;
}

function toHeldCapCounter({ workflowId, enrolledAt }: HeldCapSlot, settings: unknown): CapCounter | null {
  try {
    const { cap } = readStoredPolicy(settings ?? {}, workflowId);
    return cap && toCapCounter(cap, instantFromText(enrolledAt));
  } catch {
    return null;
  }
}

interface StartedVersions {
  readonly triggerVersion: number;
  readonly workflowVersion: number;
  /** The types of events that end the enrollment. */
  readonly exitEvents: readonly string[];
}

/**
 * Starts the enrollment: its first step is due now, with the current versions of the trigger and the
 * workflow.
 */
export async function startQueued(
  tx: Transaction,
  enrollment: QueuedEnrollment,
  { triggerVersion, workflowVersion, exitEvents }: StartedVersions,
  now: Instant,
): Promise<void> {
  await sql`
    update workflow_enrollments set state = 'TRIGGERED', due_at = ${instantToText(now)}::timestamptz, attempts = 0,
      trigger_version = ${triggerVersion}, workflow_version = ${workflowVersion},
      listens_to = nullif(${JSON.stringify(exitEvents)}::jsonb, '[]')
    where account_id = ${tx.accountId} and id = ${enrollment.id}`.execute(tx.sql);
}

/** Keeps the enrollment queued until the next business hours. */
export async function requeue(
  { accountId, sql: db }: Transaction,
  { id }: QueuedEnrollment,
  { triggerVersion, opensAt }: { readonly triggerVersion: number; readonly opensAt: Instant },
): Promise<void> {
  await sql`
    update workflow_enrollments set due_at = ${instantToText(opensAt)}::timestamptz, attempts = 0,
      trigger_version = ${triggerVersion}
    where account_id = ${accountId} and id = ${id}`.execute(db);
}

export async function cancelQueued(
  { accountId, sql: db }: Transaction,
  { id }: QueuedEnrollment,
  reason: string,
  now: Instant,
): Promise<void> {
  await sql`
    update workflow_enrollments set state = 'CANCELLED', due_at = null, ended_reason = ${reason},
      ended_at = ${instantToText(now)}::timestamptz
    where account_id = ${accountId} and id = ${id}`.execute(db);
}

/** Schedules another attempt after a backoff; the enrollment fails when its attempts are used up. */
export async function retryQueuedLater(
  { accountId, sql: db }: Transaction,
  { id, attempts }: QueuedEnrollment,
  now: Instant,
  limits: RetryLimits,
): Promise<void> {
  const nextAt = nextAttemptAt(attempts + 1, now, limits);
  await (nextAt === null
    ? sql`
        update workflow_enrollments set state = 'FAILED', due_at = null, ended_reason = 'ERROR',
          ended_at = ${instantToText(now)}::timestamptz, attempts = attempts + 1
        where account_id = ${accountId} and id = ${id}`
    : sql`
        update workflow_enrollments set due_at = ${instantToText(nextAt)}::timestamptz, attempts = attempts + 1
        where account_id = ${accountId} and id = ${id}`
  ).execute(db);
}

/** Decrements the cap counters, so that other enrollments can use the slots. */
export async function releaseCapSlots(
  { accountId, sql: db }: Transaction,
  counters: readonly CapCounter[],
): Promise<void> {
  const freed = [...Map.groupBy(counters, toCapCounterKey).values()].flatMap(([counter, ...same]) =>
    counter ? [{ ...counter, slots: 1 + same.length }] : [],
  );
  await sql`
    update enrollment_caps c set count = greatest(c.count - f.slots, 0)
    from unnest(
      ${freed.map(({ name }) => name)}::text[],
      ${freed.map(({ windowSeconds }) => String(windowSeconds))}::bigint[],
      ${freed.map(({ windowBeganAt }) => instantToText(windowBeganAt))}::timestamptz[],
      ${freed.map(({ slots }) => slots)}::int[]
    ) as f(name, window_seconds, window_began_at, slots)
    where c.account_id = ${accountId} and c.name = f.name and c.window_seconds = f.window_seconds
      and c.window_began_at = f.window_began_at`.execute(db);
}
