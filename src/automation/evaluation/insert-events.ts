/** Inserts the events of outbox entries into the account's log, directly from the outbox. */
import { sql } from 'kysely';
import type { JsonValue } from '../../filters/filter.ts';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantToText } from '../../values/instant.ts';

interface Insertion {
  readonly now: Instant;
  /** The ids of events that were removed from the log, or are in it, by id or by occurrence. */
  readonly known: readonly string[];
  readonly removesEntries: boolean;
}

/**
 * Inserts one row per fact, with its outcomes. A fact that is known, or whose id or occurrence the log already has is skipped.
 * With `removesEntries` the entries are deleted from the outbox: by the same statement, or on a cluster, which does not
 * insert what a statement deletes, by another one. Returns the ids of the inserted events.
 */
export async function insertEvents(
  { accountId, isDistributed, sql: db }: Transaction,
  entryIds: readonly string[],
  outcomes: ReadonlyMap<string, readonly JsonValue[]>,
  { now, known, removesEntries }: Insertion,
): Promise<ReadonlySet<string>> {
  const decided = [...outcomes].map(([id, verdicts]) => ({ id, outcomes: verdicts }));
  const chosen = sql`o.account_id = ${accountId} and o.id = any(${entryIds}::uuid[])`;
  const isOneStatement = removesEntries && !isDistributed;
  const inserting = sql<{ id: string }>`
    ${isOneStatement ? sql`with entries as (delete from outbox o where ${chosen} returning *)` : sql``}
    insert into events (account_id, id, type, user_id, occurred_at, recorded_at, sequence, position, actor, data,
      previous, root_event_id, causation_id, depth, chain, occurrence_key, trigger_id, outcomes, evaluated_at)
    select o.account_id, f.id, f.type, o.user_id, o.occurred_at, o.recorded_at, o.sequence, f.position - 1, o.actor,
      f.data, f.previous, coalesce((o.cause ->> 'rootEventId')::uuid, f.id), (o.cause ->> 'causationId')::uuid,
      coalesce((o.cause ->> 'depth')::smallint, 0),
      array(select jsonb_array_elements_text(o.cause -> 'chain'))::uuid[],
      f."occurrenceKey", f."triggerId", coalesce(d.outcomes, '[]'), ${instantToText(now)}::timestamptz
    from ${isOneStatement ? sql`entries o` : sql`outbox o`}
    cross join lateral rows from (jsonb_to_recordset(o.facts) as (
      id uuid, type text, data jsonb, previous jsonb, "triggerId" uuid, "occurrenceKey" text
    )) with ordinality as f(id, type, data, previous, "triggerId", "occurrenceKey", position)
    left join jsonb_to_recordset(${JSON.stringify(decided)}::jsonb) as d(id uuid, outcomes jsonb) on d.id = f.id
    where f.id <> all(${known}::uuid[]) ${isOneStatement ? sql`` : sql`and ${chosen}`}
    order by o.sequence, f.position
    on conflict do nothing
    returning id`.execute(db);
  const removing =
    removesEntries && isDistributed ? sql`delete from outbox o where ${chosen}`.execute(db) : undefined;
  const [{ rows }] = await Promise.all([inserting, removing]);
  return new Set(rows.map(({ id }) => id));
}

/** Returns the ids that the log has, or had before they were removed from it. */
export async function findLoggedEvents(
  { accountId, sql: db }: Transaction,
  eventIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    select k.id from unnest(${eventIds}::uuid[]) as k(id)
    cross join lateral (
      (select from events where account_id = ${accountId} and id = k.id)
      union all
      (select from removed_events where account_id = ${accountId} and id = k.id)
      limit 1
    ) e`.execute(db);
  return new Set(rows.map(({ id }) => id));
}

/** Identifies an occurrence of a time trigger. */
export interface OccurrenceId {
  readonly triggerId: string;
  readonly userId: string;
  readonly occurrenceKey: string;
}

export function toOccurrenceKeyText({ triggerId, userId, occurrenceKey }: OccurrenceId): string {
  return JSON.stringify([triggerId, userId, occurrenceKey]);
}

const IS_OCCURRENCE = sql`e.trigger_id = o.trigger_id and e.user_id = o.user_id
  and e.occurrence_key = o.occurrence_key and e.occurrence_key is not null`;

/** Returns the occurrences that the log has or had, as `toOccurrenceKeyText`. */
export async function findLoggedOccurrences(
  { accountId, sql: db }: Transaction,
  names: readonly OccurrenceId[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ trigger_id: string; user_id: string; occurrence_key: string }>`
    select o.trigger_id, o.user_id, o.occurrence_key from unnest(
      ${names.map(({ triggerId }) => triggerId)}::uuid[], ${names.map(({ userId }) => userId)}::uuid[],
      ${names.map(({ occurrenceKey }) => occurrenceKey)}::text[]
    ) as o(trigger_id, user_id, occurrence_key)
    cross join lateral (
      (select from events e where e.account_id = ${accountId} and ${IS_OCCURRENCE})
      union all
      (select from removed_events e where e.account_id = ${accountId} and ${IS_OCCURRENCE})
      limit 1
    ) happened`.execute(db);
  return new Set(
    rows.map((row) =>
      toOccurrenceKeyText({
        triggerId: row.trigger_id,
        userId: row.user_id,
        occurrenceKey: row.occurrence_key,
      }),
    ),
  );
}
