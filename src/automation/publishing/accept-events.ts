/** Accepts published events, all in one transaction: each id once for ever, each athlete's in order. */
import { sql } from 'kysely';
import { DomainError } from '../../errors/domain-error.ts';
import { EventService } from '../../gen/automation/v1/event_service_pb.ts';
import { lockUsers } from '../../progression/engine/load-ledger.ts';
import type { Transaction } from '../../store/database.ts';
import { failpoint } from '../../store/failpoints.ts';
import { userNotFound } from '../../store/lock-user.ts';
import { type Clock, instantToText } from '../../values/instant.ts';
import { newId } from '../../values/new-id.ts';
import { hasUsableId, type Submission } from './read-submission.ts';

/** What became of an event. */
export type Outcome =
  | { readonly kind: 'ACCEPTED' }
  /** It was accepted before. */
  | { readonly kind: 'DUPLICATE' }
  | { readonly kind: 'REFUSED'; readonly error: DomainError }
  /** Another transaction holds the athlete; nothing was done. */
  | { readonly kind: 'BUSY' };

/** The name of the method in the ledger. */
const METHOD = EventService.method.publishEvents.name;

/**
 * Accepts what it can of these events, whose ids differ, in their order; the others leave no trace. Without `waits`,
 * events of athletes whom other transactions hold are BUSY.
 */
export async function acceptEvents(
  tx: Transaction,
  submissions: readonly Submission[],
  { clock, waits }: { readonly clock: Clock; readonly waits: boolean },
): Promise<Map<Submission, Outcome>> {
  const outcomes = new Map<Submission, Outcome>();
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
  for (const [submission, outcome] of await lockAthletes(tx, open(), waits)) {
    outcomes.set(submission, outcome);
  }
  if (open().length > 0) {
    failpoint('publish-locked');
    const claimed = await claimEventIds(tx, open());
    failpoint('publish-claimed');
    const unclaimed = open().filter(({ id }) => !claimed.has(id));
    if (unclaimed.length > 0) {
      // Whoever claimed them at the same time has committed by now.
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

/** What was accepted stays so, whatever would be said of it today. */
function toKnownOutcome(submission: Submission, known: Known | undefined): Outcome | undefined {
  if (known) {
    return known.fingerprint?.equals(submission.fingerprint)
      ? { kind: 'DUPLICATE' }
      : { kind: 'REFUSED', error: eventIdReused(submission.id) };
  }
  return submission.refusal ? { kind: 'REFUSED', error: submission.refusal } : undefined;
}

/** The refusal of an id that stands for another event. */
export function eventIdReused(eventId: string): DomainError {
  return new DomainError('EVENT_ID_REUSED', 'this id stands for another event', { metadata: { eventId } });
}

interface Known {
  /** null: the event is not a publisher's. */
  readonly fingerprint: Buffer | null;
}

/** The events with these ids that were accepted before, or that the service itself has told of. */
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
      limit 1
    ) e`.execute(tx.sql);
  return new Map(rows.map(({ id, fingerprint }) => [id, { fingerprint }]));
}

/** Locks the athletes in one global order; answers with the events of those who are not there, or not free. */
async function lockAthletes(
  tx: Transaction,
  submissions: readonly Submission[],
  waits: boolean,
): Promise<Map<Submission, Outcome>> {
  const userIds = [...new Set(submissions.map(({ userId }) => userId))];
  const locked = await lockUsers(tx, userIds, !waits);
  const left = userIds.filter((userId) => !locked.has(userId));
  const busy = waits || left.length === 0 ? new Set<string>() : await findUsers(tx, left);
  return new Map(
    submissions
      .filter(({ userId }) => !locked.has(userId))
      .map((submission): [Submission, Outcome] => [
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

/** Enters the ids into the ledger, in one global order; answers with those that were not there. */
async function claimEventIds(tx: Transaction, submissions: readonly Submission[]): Promise<Set<string>> {
  const ordered = submissions.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const { rows } = await sql<{ request_id: string }>`
    insert into requests (account_id, method, request_id, fingerprint, response, user_id, occurred_at)
    select ${tx.accountId}::uuid, ${METHOD}, id, fingerprint, '', user_id, occurred_at
    from unnest(${ordered.map(({ id }) => id)}::uuid[], ${ordered.map(({ fingerprint }) => fingerprint)}::bytea[],
      ${ordered.map(({ userId }) => userId)}::uuid[],
      ${ordered.map(({ occurredAt }) => instantToText(occurredAt))}::timestamptz[])
      as s(id, fingerprint, user_id, occurred_at)
    on conflict do nothing
    returning request_id`.execute(tx.sql);
  return new Set(rows.map(({ request_id }) => request_id));
}

/** One entry each. Their numbers are drawn in this order. */
async function writeEntries(tx: Transaction, accepted: readonly Submission[], clock: Clock): Promise<void> {
  await sql`
    insert into outbox (account_id, id, user_id, facts, actor, occurred_at, recorded_at)
    select ${tx.accountId}::uuid, id, user_id, facts::jsonb, actor, occurred_at, ${instantToText(clock())}::timestamptz
    from unnest(${accepted.map(() => newId())}::uuid[], ${accepted.map(({ userId }) => userId)}::uuid[],
      ${accepted.map(({ fact }) => JSON.stringify([fact]))}::text[], ${accepted.map(({ actor }) => actor)}::text[],
      ${accepted.map(({ occurredAt }) => instantToText(occurredAt))}::timestamptz[])
      with ordinality as s(id, user_id, facts, actor, occurred_at, ordinal)
    order by ordinal`.execute(tx.sql);
}
