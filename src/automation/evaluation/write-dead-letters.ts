/** Writes dead letters: triggers that failed on an event, and outbox entries that failed as a whole. */
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import type { WaitingEntry } from '../../events/outbox-entries.ts';
import { backoffMs } from '../../flow/backoff.ts';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { newId } from '../../values/new-id.ts';
import { toEventSnapshot } from '../decision/accepted-event.ts';
import { isReadable } from '../decision/compile-trigger.ts';
import type { Verdict } from '../decision/decide.ts';
import type { Failure } from './evaluation-failures.ts';
import { tellOfDeadLetter } from './tell-of-dead-letter.ts';

export type RetryLimits = Pick<Limits, 'triggerTries' | 'firstTriggerPauseMs' | 'longestTriggerPauseMs'>;

/**
 * The time of the next attempt after `attempts` failures (exponential backoff with jitter); null when the
 * attempts are used up.
 */
export function nextAttemptAt(attempts: number, now: Instant, limits: RetryLimits): Instant | null {
  if (attempts >= limits.triggerTries) {
    return null;
  }
  const pauseMs = backoffMs(attempts, {
    firstMs: limits.firstTriggerPauseMs,
    longestMs: limits.longestTriggerPauseMs,
  });
  return now + BigInt(Math.ceil(pauseMs)) * 1000n;
}

/** The failure that a verdict with the reason ERROR describes. */
export function toFailure({ match, values }: Verdict): Failure {
  const reason = isReadable(match.trigger.rule) ? 'INTERNAL' : 'TRIGGER_UNREADABLE';
  return { reason, message: (values.problem ?? '').slice(0, MESSAGE_LENGTH) };
}

const MESSAGE_LENGTH = 500;

/**
 * Writes a dead letter per verdict, to be retried for that trigger alone. An existing dead letter of the same
 * event and trigger stays unchanged.
 */
export async function writeTriggerFailures(
  tx: Transaction,
  failed: readonly Verdict[],
  now: Instant,
  limits: RetryLimits,
): Promise<void> {
  const { accountId, sql: db } = tx;
  const nextAt = nextAttemptAt(1, now, limits);
  if (failed.length === 0) {
    return;
  }
  const rows = failed.map((verdict) => ({
    id: newId(),
    event_id: verdict.match.event.id,
    trigger_id: verdict.match.trigger.id,
    user_id: verdict.match.userId,
    event: toEventSnapshot(verdict.match.event),
    ...toFailure(verdict),
  }));
  await sql`
    insert into dead_letters (account_id, id, event_id, trigger_id, user_id, event, state, attempts, reason, message,
      first_failed_at, last_failed_at, next_attempt_at)
    select a.id, f.id, event_id, trigger_id, user_id, event, ${toDeadLetterState(nextAt)}, 1, reason, message,
      ${instantToText(now)}::timestamptz, ${instantToText(now)}::timestamptz, ${toNullableText(nextAt)}::timestamptz
    from accounts a cross join jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as f
      (id uuid, event_id uuid, trigger_id uuid, user_id uuid, event jsonb, reason text, message text)
    where a.id = ${accountId}
    on conflict do nothing`.execute(db);
  for (const { id, event_id, trigger_id, user_id, event, reason } of nextAt === null ? rows : []) {
    const letter = { id, eventId: event_id, eventType: String(event.type), triggerId: trigger_id };
    tellOfDeadLetter(tx, { ...letter, userId: user_id, reason }, now);
  }
}

/** Writes a dead letter for a whole entry whose attempts are used up. */
export async function writeEntryFailure(
  tx: Transaction,
  entry: WaitingEntry,
  { reason, message }: Failure,
  { attempts, now }: { readonly attempts: number; readonly now: Instant },
): Promise<void> {
  const { accountId, sql: db } = tx;
  const { rows } = await sql<{ id: string }>`
    insert into dead_letters (account_id, id, event_id, user_id, event, state, attempts, reason, message,
      first_failed_at, last_failed_at)
    select account_id, ${newId()}::uuid, coalesce((facts -> 0 ->> 'id')::uuid, id), user_id,
      jsonb_build_object('facts', facts, 'actor', actor, 'cause', cause, 'occurred_at', occurred_at,
        'recorded_at', recorded_at, 'sequence', sequence),
      'DEAD', ${attempts}::int, ${reason}, ${message}, ${instantToText(now)}::timestamptz,
      ${instantToText(now)}::timestamptz
    from outbox where account_id = ${accountId} and id = ${entry.id}
    on conflict (account_id, event_id, trigger_id) do update
      set state = 'DEAD', attempts = excluded.attempts, reason = excluded.reason, message = excluded.message,
        last_failed_at = excluded.last_failed_at, next_attempt_at = null
    returning id`.execute(db);
  const [first] = entry.facts;
  for (const { id } of first ? rows : []) {
    const letter = { id, eventId: first?.id ?? entry.id, eventType: first?.type ?? '', triggerId: null };
    tellOfDeadLetter(tx, { ...letter, userId: entry.userId, reason }, now);
  }
}

export function toDeadLetterState(nextAt: Instant | null): 'RETRYING' | 'DEAD' {
  return nextAt === null ? 'DEAD' : 'RETRYING';
}

export function toNullableText(instant: Instant | null): string | null {
  return instant === null ? null : instantToText(instant);
}
