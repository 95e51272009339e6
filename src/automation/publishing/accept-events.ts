/** Accepts published events in one transaction: each id once, and each athlete's events in order. */
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { EventService } from '../../gen/automation/v1/event_service_pb.ts';
import { lockUsers } from '../../progression/engine/load-ledger.ts';
import type { Transaction } from '../../store/database.ts';
import { failpoint } from '../../store/failpoints.ts';
import { userNotFound } from '../../store/lock-user.ts';
import { numberedRows } from '../../store/rows-to-insert.ts';
import { type Clock, instantToText } from '../../values/instant.ts';
import { newId } from '../../values/new-id.ts';
import { hasUsableId, type Submission } from './read-submission.ts';
import { refuseWhileBehind } from './refuse-while-behind.ts';

/** The result for one event. */
export type SubmissionOutcome =
  | { readonly kind: 'ACCEPTED' }
  /** The event was accepted earlier. */
  | { readonly kind: 'DUPLICATE' }
  | { readonly kind: 'REFUSED'; readonly error: DomainError }
  /** Another transaction has locked the athlete; nothing was written. */
  | { readonly kind: 'BUSY' };

/** The method name under which idempotency keys are stored. */
const METHOD = EventService.method.publishEvents.name;

/**
 * Accepts the events, whose ids differ, in their order; refused events write nothing. Without `waits`, events
 * of locked athletes are BUSY. EVALUATION_BEHIND.
 */
export async function acceptEvents(
  tx: Transaction,
  submissions: readonly Submission[],
  { clock, waits, limits }: { readonly clock: Clock; readonly waits: boolean; readonly limits: Limits },
): Promise<Map<Submission, SubmissionOutcome>> {
  if (!waits) {
    await refuseWhileBehind(tx, limits);
  }
  const outcomes = new Map<Submission, SubmissionOutcome>();
  const settleKnown = async (open: readonly Submission[]) => {
    const known = await findKnownEvents(tx, open);
    for (const submission of open) {
      const outcome = toKnownOutcome(submission, known.get(submission.id));
      if (outcome) {
        outcomes.set(submission, outcome);
      }
    }
  };
  const open = () => submissions.filter((submission) => !outcomes.has(submission));
  await settleKnown(submissions);
  await lockDuplicates(tx, outcomes);
  for (const [submission, outcome] of await lockAthletes(tx, open(), waits)) {
    outcomes.set(submission, outcome);
  }
  if (open().length > 0) {
    failpoint('publish-locked');
    const claimed = await claimEventIds(tx, open());
    failpoint('publish-claimed');
    const unclaimed = open().filter(({ id }) => !claimed.has(id));
    if (unclaimed.length > 0) {
      // The concurrent transaction that claimed these ids has committed.
      await settleKnown(unclaimed);
    }
    const accepted = open();
    await writeEntries(tx, accepted, clock);
    failpoint('publish-written');
    for (const submission of accepted) {
      outcomes.set(submission, { kind: 'ACCEPTED' });
    }
  }
  return outcomes;
}

/** An accepted event stays accepted, even if it would be refused now. */
function toKnownOutcome(submission: Submission, known: Known | undefined): SubmissionOutcome | undefined {
  if (known) {
    return known.fingerprint?.equals(submission.fingerprint)
      ? { kind: 'DUPLICATE' }
      : { kind: 'REFUSED', error: eventIdReused(submission.id) };
  }
  return submission.refusal ? { kind: 'REFUSED', error: submission.refusal } : undefined;
}

/** The error for an id that another event has. */
export function eventIdReused(eventId: string): DomainError {
  return new DomainError('EVENT_ID_REUSED', 'another event already has this id', { metadata: { eventId } });
}

interface Known {
  /** Null when the service itself created the event. */
  readonly fingerprint: Buffer | null;
}

/** Finds events with these ids that were accepted earlier or created by the service itself. */
async function findKnownEvents(
  tx: Transaction,
  submissions: readonly Submission[],
): Promise<Map<string, Known>> {
  const ids = submissions.filter(hasUsableId).map(({ id }) => id);
  const { rows } = await sql<{ id: string; fingerprint: Buffer | null }>`
    select k.id, e.fingerprint from unnest(${ids}::uuid[]) as k(id)
    cross join lateral (
      (
        select fingerprint from requests
        where account_id = ${tx.accountId} and method = ${METHOD} and request_id = k.id
      )
      union all
      (
        select null from events where account_id = ${tx.accountId} and id = k.id
      )
      union all
      (
        select null from removed_events where account_id = ${tx.accountId} and id = k.id
      )
      limit 1
    ) e`.execute(tx.sql);
  return new Map(rows.map(({ id, fingerprint }) => [id, { fingerprint }]));
}

/** As in once.ts: where commits wait for a standby, a duplicate is not acknowledged before the standby has the first one. */
async function lockDuplicates(
  tx: Transaction,
  outcomes: ReadonlyMap<Submission, SubmissionOutcome>,
): Promise<void> {
  const ids = [...outcomes].filter(([, { kind }]) => kind === 'DUPLICATE').map(([{ id }]) => id);
  if (ids.length > 0) {
    await sql`
      select from requests
      where account_id = ${tx.accountId} and method = ${METHOD} and request_id = any(${ids}::uuid[])
      for share`.execute(tx.sql);
  }
}

/** Locks the athletes in one global order; returns results for the events of missing or locked athletes. */
async function lockAthletes(
  tx: Transaction,
  submissions: readonly Submission[],
  waits: boolean,
): Promise<Map<Submission, SubmissionOutcome>> {
  const userIds = [...new Set(submissions.map(({ userId }) => userId))];
  const locked = await lockUsers(tx, userIds, !waits);
  const left = userIds.filter((userId) => !locked.has(userId));
  const busy = waits || left.length === 0 ? new Set<string>() : await findUsers(tx, left);
  return new Map(
    submissions
      .filter(({ userId }) => !locked.has(userId))
      .map((submission): [Submission, SubmissionOutcome] => [
        submission,
        busy.has(submission.userId)
          ? { kind: 'BUSY' }
          : { kind: 'REFUSED', error: userNotFound(submission.userId) },
      ]),
  );
}

async function findUsers(tx: Transaction, userIds: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select id from users
    where account_id = ${tx.accountId} and id = any(${userIds}::uuid[]) and deleted_at is null`.execute(
    tx.sql,
  );
  return new Set(rows.map(({ id }) => id));
}

/** Inserts the ids as idempotency keys in one global order; returns the ids that are new. */
async function claimEventIds(tx: Transaction, submissions: readonly Submission[]): Promise<Set<string>> {
  const ordered = submissions.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const { rows } = await sql<{ request_id: string }>`
    insert into requests (account_id, method, request_id, fingerprint, response, user_id, occurred_at)
    ${numberedRows(tx, [
      ['text', METHOD],
      ['uuid', ordered.map(({ id }) => id)],
      ['bytea', ordered.map(({ fingerprint }) => fingerprint)],
      ['bytea', ''],
      ['uuid', ordered.map(({ userId }) => userId)],
      ['timestamptz', ordered.map(({ occurredAt }) => instantToText(occurredAt))],
    ])}
    on conflict do nothing
    returning request_id`.execute(tx.sql);
  return new Set(rows.map(({ request_id }) => request_id));
}

/** Writes one outbox entry per event; sequence numbers follow the order given. */
async function writeEntries(tx: Transaction, accepted: readonly Submission[], clock: Clock): Promise<void> {
  tx.noteEntries();
  await sql`
    insert into outbox (account_id, id, user_id, facts, actor, occurred_at, recorded_at)
    ${numberedRows(tx, [
      ['uuid', accepted.map(() => newId())],
      ['uuid', accepted.map(({ userId }) => userId)],
      ['jsonb', accepted.map(({ facts }) => facts)],
      ['text', accepted.map(({ actor }) => actor)],
      ['timestamptz', accepted.map(({ occurredAt }) => instantToText(occurredAt))],
      ['timestamptz', instantToText(clock())],
    ])}`.execute(tx.sql);
}
