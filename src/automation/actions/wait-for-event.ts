/** Action wait_for_event: goes on when an event comes, or when the time is over. */
import { sql } from 'kysely';
import type { JsonObject } from '../../filters/filter.ts';
import type { WaitForEventAction } from '../../gen/automation/v1/action_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { instantFromText, instantFromTimestamp, instantToText } from '../../values/instant.ts';
import { loadAccountTypes } from '../event-types/account-types.ts';
import type { Run } from './load-run.ts';
import { matchesEvent } from './run-filter.ts';
import type { ActionType } from './step.ts';

export const waitForEvent: ActionType<'waitForEvent'> = {
  kind: 'LISTEN',
  until: ({ timeout }, now) => now + (timeout ? instantFromTimestamp(timeout) : 0n),
};

/** How many of the latest events of the type are looked at when a wait begins. */
const EXAMINED_EVENTS = 100;

interface EventRow extends JsonObject {
  readonly occurred_at: string;
}

/**
 * Throws FilterUnreadable. Whether the event came after the run reached the step, before the run could listen to it. The caller holds the
 * athlete's partition: every event is either in the log now, or evaluated when the run listens.
 */
export async function hasComeAlready(
  tx: Transaction,
  { step, enrollment: { eventId } }: Run,
  { eventType, filter }: WaitForEventAction,
): Promise<boolean> {
  const { accountId, userId } = step;
  const reachedAt = sql`${instantToText(step.reachedAt)}::timestamptz`;
  // Events of the batch that started the run have the time of its start.
  const { rows } = await sql<EventRow>`
    select e.occurred_at, e.actor, e.data, e.previous from events e
    left join events started on started.account_id = e.account_id and started.id = ${eventId ?? null}::uuid
    where e.account_id = ${accountId} and e.user_id = ${userId} and e.type = ${eventType}
      and (e.evaluated_at > ${reachedAt} or e.evaluated_at = ${reachedAt}
        and (e.sequence, e.position) > (coalesce(started.sequence, 0), coalesce(started.position, 0)))
    order by e.sequence desc, e.position desc
    limit ${EXAMINED_EVENTS}`.execute(tx.sql);
  if (rows.length === 0 || !filter) {
    return rows.length > 0;
  }
  const types = await loadAccountTypes(tx);
  for (const { occurred_at, ...event } of rows) {
    const read = { event, type: eventType, userId, at: instantFromText(occurred_at) };
    if (await matchesEvent(tx, types, read, filter)) {
      return true;
    }
  }
  return false;
}
