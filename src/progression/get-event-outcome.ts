/** GetEventOutcome: what an athlete's events were answered when they were handled, from the ledger. */
import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { type RawBuilder, sql } from 'kysely';
import { DomainError } from '../errors/domain-error.ts';
import {
  type EventOutcomeSchema,
  type GetEventOutcomeRequest,
  type GetEventOutcomeResponse,
  GetEventOutcomeResponseSchema,
} from '../gen/progression/v1/progression_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { requireUser } from '../store/lock-user.ts';
import { instantFromText, instantToTimestamp } from '../values/instant.ts';
import { handleCycleComplete } from './handle-cycle-complete.ts';
import { handleSessionComplete } from './handle-session-complete.ts';
import { handleWeekAdvance } from './handle-week-advance.ts';
import { logSets } from './log-sets.ts';
import { triggerProgression } from './trigger-progression.ts';

/** How the stored answer of each method that reports an event is read. */
const ANSWERS = new Map(
  [handleSessionComplete, handleWeekAdvance, handleCycleComplete, logSets, triggerProgression].map(
    ({ method: { name, output } }) => [name, output] as const,
  ),
);

interface AnsweredCall {
  readonly method: string;
  readonly request_id: string;
  readonly response: Buffer;
  readonly occurred_at: string;
  readonly recorded_at: string;
  readonly reverted_at: string | null;
}

const COLUMNS = sql.raw(
  `r.method, r.request_id, r.response, r.occurred_at, r.recorded_at, r.sequence, r.detail ->> 'revertedAt' as reverted_at`,
);

/** USER_NOT_FOUND; EVENT_NOT_FOUND when the athlete has no such event. */
export async function getEventOutcome(
  tx: Transaction,
  { userId, event }: GetEventOutcomeRequest,
): Promise<GetEventOutcomeResponse> {
  await requireUser(tx, userId);
  const rows =
    event.case === 'requestId'
      ? await read(tx, callsUnder(tx, userId, event.value))
      : await read(tx, callsOfSession(tx, userId, event.value ?? ''));
  if (rows.length === 0) {
    const metadata = { userId, [event.case ?? 'event']: event.value ?? '' };
    throw new DomainError('EVENT_NOT_FOUND', `user ${userId} has no such event`, { metadata });
  }
  return create(GetEventOutcomeResponseSchema, { events: rows.map(eventOutcome) });
}

async function read(tx: Transaction, calls: RawBuilder<AnsweredCall>): Promise<readonly AnsweredCall[]> {
  return (await calls.execute(tx.sql)).rows;
}

/** A request ID stands for one call of each method. */
function callsUnder({ accountId }: Transaction, userId: string, requestId: string) {
  return sql<AnsweredCall>`
    select ${COLUMNS} from requests r
    where r.account_id = ${accountId} and r.method = any(${[...ANSWERS.keys()]}::text[])
      and r.request_id = ${requestId} and r.user_id = ${userId}
    order by r.sequence`;
}

/**
 * The session's end, the calls that completed it again with more lifts, and those that logged its sets: the ledger knows
 * these by their last new set. What was reverted or removed since is among them.
 */
function callsOfSession({ accountId }: Transaction, userId: string, sessionId: string) {
  return sql<AnsweredCall>`
    select ${COLUMNS}
    from (
      select 'AFTER_SESSION' as trigger_type, ${`session:${sessionId}`} as trigger_key
      union all
      select 'AFTER_SET', 'set:' || s.session_id || ':' || s.lift_id || ':' || s.set_number
      from logged_sets s
      where s.account_id = ${accountId} and s.user_id = ${userId} and s.session_id = ${sessionId}
      union all
      select 'AFTER_SET', 'set:' || c.session_id || ':' || c.lift_id || ':' || c.set_number || ':removed:' || c.id
      from set_corrections c
      where c.account_id = ${accountId} and c.user_id = ${userId} and c.session_id = ${sessionId} and c.after is null
      union all
      select reverted.trigger_type, reverted.trigger_key from requests reverted
      where reverted.account_id = ${accountId} and reverted.user_id = ${userId}
        and reverted.trigger_type = 'REVERTED' and (
          starts_with(reverted.trigger_key, ${`AFTER_SESSION:session:${sessionId}:`})
          or starts_with(reverted.trigger_key, ${`AFTER_SET:set:${sessionId}:`})
        )
    ) k
    cross join lateral (
      select * from requests
      where account_id = ${accountId} and user_id = ${userId} and trigger_type = k.trigger_type
        and trigger_key = k.trigger_key
      offset 0
    ) e
    cross join lateral (
      select e.*
      union all
      select again.* from jsonb_array_elements(e.detail -> 'again') a
      cross join lateral (
        select * from requests
        where account_id = ${accountId} and method = e.method and request_id = (a ->> 'requestId')::uuid
        offset 0
      ) again
    ) r
    order by r.sequence`;
}

function eventOutcome(row: AnsweredCall): MessageInitShape<typeof EventOutcomeSchema> {
  const answer = ANSWERS.get(row.method);
  return {
    method: row.method,
    requestId: row.request_id,
    occurredAt: instantToTimestamp(instantFromText(row.occurred_at)),
    recordedAt: instantToTimestamp(instantFromText(row.recorded_at)),
    outcome: answer && fromBinary(answer, row.response).outcome,
    revertedAt: row.reverted_at === null ? undefined : instantToTimestamp(instantFromText(row.reverted_at)),
  };
}
