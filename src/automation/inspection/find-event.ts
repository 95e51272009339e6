/** Finds an event in the log, in the outbox, or among the dead letters. */
import { sql } from 'kysely';
import { DomainError } from '../../errors/domain-error.ts';
import type { Transaction } from '../../store/database.ts';
import type { Cause, Fact, FactActor } from '../../store/entities/outbox-entry.ts';
import { type Instant, instantFromText } from '../../values/instant.ts';
import { type AcceptedEvent, toAcceptedEvents } from '../decision/accepted-event.ts';
import type { Evaluation } from '../decision/evaluation-outcomes.ts';
import { loadStoredEvents } from '../replay/stored-events.ts';

export interface FoundEvent {
  readonly event: AcceptedEvent;
  readonly evaluations: readonly Evaluation[];
  /** Null when the event has not been evaluated. */
  readonly evaluatedAt: Instant | null;
}

/** Errors: EVENT_NOT_FOUND. */
export async function findEvent(tx: Transaction, eventId: string): Promise<FoundEvent> {
  const [stored] = await loadStoredEvents(tx, [eventId]);
  if (stored) {
    return stored;
  }
  const event = await findUnevaluated(tx, eventId);
  if (!event) {
    throw eventNotFound(eventId);
  }
  return { event, evaluations: [], evaluatedAt: null };
}

export function eventNotFound(eventId: string): DomainError {
  return new DomainError('EVENT_NOT_FOUND', `event ${eventId} does not exist`, { metadata: { eventId } });
}

interface EntryRow {
  user_id: string | null;
  facts: Fact[];
  actor: FactActor;
  cause: Cause | null;
  occurred_at: string;
  recorded_at: string;
  sequence: string;
}

async function findUnevaluated(
  { accountId, sql: db }: Transaction,
  eventId: string,
): Promise<AcceptedEvent | undefined> {
  const named = JSON.stringify([{ id: eventId }]);
  const { rows } = await sql<EntryRow>`
    select user_id, facts, actor, cause, occurred_at, recorded_at, sequence from outbox
    where account_id = ${accountId} and facts @> ${named}::jsonb
    union all
    select user_id, event -> 'facts', event ->> 'actor', nullif(event -> 'cause', 'null'),
      (event ->> 'occurred_at')::timestamptz, (event ->> 'recorded_at')::timestamptz, (event ->> 'sequence')::bigint
    from dead_letters
    where account_id = ${accountId} and trigger_id is null and event -> 'facts' @> ${named}::jsonb
    limit 1`.execute(db);
  const [row] = rows;
  const entry = row && {
    id: eventId,
    userId: row.user_id,
    facts: row.facts,
    actor: row.actor,
    cause: row.cause,
    occurredAt: instantFromText(row.occurred_at),
    recordedAt: instantFromText(row.recorded_at),
    sequence: BigInt(row.sequence),
  };
  return entry && toAcceptedEvents(entry).find(({ id }) => id === eventId);
}
