/** RevertEvent: undoes everything that one event applied; the event may then be reported anew. */
import { fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { DomainError } from '../errors/domain-error.ts';
import {
  LogSetsResponseSchema,
  type RevertEventRequest,
  type RevertEventResponseSchema,
  TriggerProgressionResponseSchema,
} from '../gen/progression/v1/progression_service_pb.ts';
import type { Change } from '../store/change.ts';
import { lockUser } from '../store/lock-user.ts';
import { instantToText } from '../values/instant.ts';
import { newId } from '../values/new-id.ts';
import { type AppliedVersion, compensationMessage } from './engine/compensate.ts';
import { correctSession, loadSetsOf } from './engine/correct-session.ts';
import { isOfSession } from './engine/late-sets.ts';
import { failureCounterMessage } from './engine/lift-max-message.ts';
import type { ProgramLoader } from './engine/load-program.ts';
import { correctedOutcome } from './engine/outcome-message.ts';
import { auditPutRight, loadStanding, putRight, refuseEarlier } from './engine/put-right.ts';
import { loggedSetMessage } from './log-sets.ts';

/** The row of a recorded event in the ledger. */
interface RecordedEvent {
  readonly method: string;
  readonly request_id: string;
  readonly trigger_type: 'AFTER_SESSION' | 'AFTER_WEEK' | 'AFTER_CYCLE' | 'AFTER_SET' | 'MANUAL';
  readonly trigger_key: string;
  readonly response: Buffer;
  readonly sequence: string;
}

type Answer = MessageInitShape<typeof RevertEventResponseSchema>;

/** USER_NOT_FOUND, EVENT_NOT_FOUND, NOT_ENROLLED, EARLIER_ENROLLMENT, NOT_LATEST_APPLICATION. */
export async function revertEvent(
  change: Change,
  request: RevertEventRequest,
  programs: ProgramLoader,
): Promise<Answer> {
  const { userId } = request;
  await lockUser(change.tx, userId);
  const event = await requireEvent(change, request);
  return event.trigger_type === 'AFTER_SET'
    ? revertSets(change, request, event, programs)
    : revertApplications(change, request, event, programs);
}

async function requireEvent(
  { tx: { accountId, sql: statements } }: Change,
  { userId, event }: RevertEventRequest,
): Promise<RecordedEvent> {
  const which =
    event.case === 'requestId'
      ? sql`request_id = ${event.value} and trigger_type <> 'REVERTED'`
      : sql`trigger_type = 'AFTER_SESSION' and trigger_key = ${`session:${event.value}`}`;
  const { rows } = await sql<RecordedEvent>`
    select method, request_id, trigger_type, trigger_key, response, sequence from requests
    where account_id = ${accountId} and user_id = ${userId} and ${which}
    order by sequence desc`.execute(statements);
  const [found, another] = rows;
  if (!found || another) {
    const message = found
      ? `request ID ${event.value} reported several events; revert a session by its id`
      : `user ${userId} has no such event that stands`;
    const metadata = { userId, [event.case ?? 'event']: event.value ?? '' };
    throw new DomainError('EVENT_NOT_FOUND', message, { metadata });
  }
  return found;
}

/** The event gives up its identity, and keeps its request: a retry of the call is answered as before. */
async function release(
  { tx: { accountId, sql: statements }, now, actor }: Change,
  userId: string,
  { method, request_id, trigger_type, trigger_key }: RecordedEvent,
): Promise<void> {
  const noted = { revertedAt: instantToText(now), revertedBy: actor };
  await sql`
    update requests set trigger_type = 'REVERTED', trigger_key = ${`${trigger_type}:${trigger_key}:${newId()}`},
      detail = coalesce(detail, '{}') || ${JSON.stringify(noted)}::jsonb
    where account_id = ${accountId} and user_id = ${userId} and method = ${method}
      and request_id = ${request_id}`.execute(statements);
}

/** The sets of the call are removed, and their session is decided again without them. */
async function revertSets(
  change: Change,
  { userId, reason }: RevertEventRequest,
  event: RecordedEvent,
  programs: ProgramLoader,
): Promise<Answer> {
  const { sets } = fromBinary(LogSetsResponseSchema, event.response);
  const logged = new Set(sets.filter(({ alreadyLogged }) => !alreadyLogged).map(({ id }) => id));
  const sessionId = sets[0]?.sessionId ?? '';
  const removed = (await loadSetsOf(change.tx, userId, sessionId)).filter(({ id }) => logged.has(id));
  const correction = {
    ...{ userId, sessionId, reason, method: 'RevertEvent' as const },
    changes: removed.map((before) => ({ before, after: null })),
  };
  // Before the sets give up their numbers, with which the ledger knows calls that stand.
  await release(change, userId, event);
  const made = await correctSession(change, correction, programs);
  const setIds = removed.map(({ id }) => id);
  const before = { method: event.method, requestId: event.request_id, setIds };
  auditPutRight(change, { ...correction, targetId: sessionId, before }, made);
  return {
    compensations: made.compensations.map(compensationMessage),
    removedSets: removed.map((set) => loggedSetMessage(sessionId, { set, isAlreadyLogged: false })),
    outcome: correctedOutcome(userId, made),
    failureCounters: made.counters.map((counter) => failureCounterMessage(userId, counter)),
  };
}

async function revertApplications(
  change: Change,
  { userId, reason }: RevertEventRequest,
  event: RecordedEvent,
  programs: ProgramLoader,
): Promise<Answer> {
  const sessionId =
    event.trigger_type === 'AFTER_SESSION' ? event.trigger_key.slice('session:'.length) : null;
  const isUndone = applicationsOf(event);
  const liftIds = await liftsOf(change, userId, sessionId);
  const standing = await loadStanding(change, userId, liftIds, programs);
  refuseEarlier(standing, [BigInt(event.sequence)]);
  const { history } = standing;
  const made = await putRight(change, standing, {
    after: { ...history, ends: history.ends.filter(({ detail }) => detail.sessionId !== sessionId) },
    isUndone,
    isDecidedAgain: (item, liftId) =>
      !('set' in item) && sessionId !== null && isOfSession(item, sessionId, liftId),
    ...{ sessionId, reason, method: 'RevertEvent' },
  });
  await release(change, userId, event);
  const { method, request_id: requestId } = event;
  const audited = { userId, reason, method: 'RevertEvent' as const, before: { method, requestId } };
  auditPutRight(change, { ...audited, targetId: sessionId ?? requestId }, made);
  return {
    compensations: made.compensations.map(compensationMessage),
    failureCounters: made.counters.map((counter) => failureCounterMessage(userId, counter)),
  };
}

/** The event's applications; those of a manual trigger are the ones that its answer names. */
function applicationsOf(event: RecordedEvent): (version: AppliedVersion) => boolean {
  if (event.trigger_type !== 'MANUAL') {
    return ({ log }) => log.triggerKey === event.trigger_key;
  }
  const { outcome } = fromBinary(TriggerProgressionResponseSchema, event.response);
  const applied = (outcome?.results ?? []).filter((result) => result.applied);
  const logIds = new Set(applied.map(({ logId }) => logId));
  return ({ log }) => logIds.has(log.logId);
}

/** Lifts on which the event may have done something: those of the athlete's maxes and of the session's sets. */
async function liftsOf(
  { tx: { accountId, sql: statements } }: Change,
  userId: string,
  sessionId: string | null,
): Promise<string[]> {
  const { rows } = await sql<{ lift_id: string }>`
    select lift_id from lift_maxes
    where account_id = ${accountId} and user_id = ${userId} and version = 1
    union
    select lift_id from logged_sets
    where account_id = ${accountId} and user_id = ${userId} and session_id = ${sessionId}
    order by lift_id`.execute(statements);
  return rows.map(({ lift_id }) => lift_id);
}
