/** Loads the athletes of events, with the training and the history that the candidate triggers of each event read. */
import { sql } from 'kysely';
import type { FilterField, JsonObject } from '../../filters/filter.ts';
import { HISTORY } from '../../filters/read-history.ts';
import type { Transaction } from '../../store/database.ts';
import { instantToText } from '../../values/instant.ts';
import type { AcceptedEvent } from '../decision/accepted-event.ts';
import { type CompiledTrigger, isReadable } from '../decision/compile-trigger.ts';
import { loadedFieldsSql } from '../event-types/loaded-fields.ts';
import { countPendingEvents } from './count-pending-events.ts';
import { loadSubjects, type Subject } from './load-subjects.ts';

/** An event and the triggers that are decided for it. */
export interface EventCandidates {
  readonly event: AcceptedEvent;
  readonly triggers: readonly CompiledTrigger[];
}

/** The athlete of one of the events as of the event's time; null when the athlete never existed. */
export type SubjectOf = (event: AcceptedEvent) => Subject | null;

/**
 * `pending` are the events that are not in the log yet, and count as history nevertheless: the events of the batch, or
 * a simulated one. Training and history cost one further statement, when a trigger reads them.
 */
export async function loadEventSubjects(
  tx: Transaction,
  eventCandidates: readonly EventCandidates[],
  pending: readonly AcceptedEvent[] = [],
): Promise<SubjectOf> {
  const userIds = eventCandidates.map(({ event }) => event.userId).filter((id) => id !== null);
  const subjects = await loadSubjects(tx, userIds);
  const folders = await loadFolders(tx, eventCandidates, pending);
  return (event) => {
    const subject = subjects.get(event.userId ?? '') ?? null;
    const loaded = folders.get(event);
    return subject && loaded ? { ...subject, document: { ...subject.document, ...loaded } } : subject;
  };
}

/** The folders of loaded-fields.ts for each event with a trigger that reads them. */
async function loadFolders(
  { accountId, sql: db }: Transaction,
  eventCandidates: readonly EventCandidates[],
  pending: readonly AcceptedEvent[],
): Promise<ReadonlyMap<AcceptedEvent, JsonObject>> {
  const asked = eventCandidates.filter(
    ({ event, triggers }) =>
      event.userId !== null && triggers.some((each) => loadedFieldsOf(each).length > 0),
  );
  if (asked.length === 0) {
    return new Map();
  }
  const fields = [...new Set(asked.flatMap(({ triggers }) => triggers.flatMap(loadedFieldsOf)))];
  const events = asked.map(({ event }) => event);
  // An event without a place in the log, as a simulated one, comes after all that the log has of its time.
  const before = sql`(k.sequence = 0 or (e.sequence, e.position) <= (k.sequence, k.position))
    and e.id <> all(${pending.map(({ id }) => id)}::uuid[])`;
  const subject = {
    ...{ accountId: sql`${accountId}::uuid`, userId: sql`k.user_id`, at: sql`k.at`, before },
  };
  const { rows } = await sql<{ folders: JsonObject }>`
    select ${loadedFieldsSql(fields, subject)} as folders
    from unnest(
      ${events.map(({ userId }) => userId)}::uuid[],
      ${events.map(({ occurredAt }) => instantToText(occurredAt))}::timestamptz[],
      ${events.map(({ sequence }) => String(sequence))}::bigint[],
      ${events.map(({ position }) => position)}::int[]
    ) with ordinality as k(user_id, at, sequence, position, place)
    order by k.place`.execute(db);
  return new Map(
    events.map((event, index) => [event, withPending(rows[index]?.folders ?? {}, event, fields, pending)]),
  );
}

function loadedFieldsOf({ rule }: CompiledTrigger): readonly FilterField[] {
  return isReadable(rule) ? rule.loadedFields : [];
}

/** Adds the pending events to the numbers of the log. */
function withPending(
  folders: JsonObject,
  event: AcceptedEvent,
  fields: readonly FilterField[],
  pending: readonly AcceptedEvent[],
): JsonObject {
  const logged = folders[HISTORY] as JsonObject | undefined;
  if (!logged || pending.length === 0) {
    return folders;
  }
  const counted = fields.flatMap(({ path: [, key = ''], history }) =>
    history ? [[key, Number(logged[key]) + countPendingEvents(history, event, pending)]] : [],
  );
  return { ...folders, [HISTORY]: Object.fromEntries(counted) };
}
