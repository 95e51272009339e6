/** ReplayEvents: evaluates past events for triggers that are active now. */
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import { invalidFields } from '../../errors/domain-error.ts';
import { mapInSlices } from '../../flow/slices.ts';
import type { ReplayEventsRequest } from '../../gen/automation/v1/event_service_pb.ts';
import type { Database, Transaction } from '../../store/database.ts';
import type { TransactionLimits } from '../../store/enter-account.ts';
import { lockPartitions } from '../../store/lock-partition.ts';
import { type Clock, type Instant, instantOfField, instantToText } from '../../values/instant.ts';
import type { AccountTriggers, CandidateIndex } from '../evaluation/candidate-index.ts';
import {
  createVerdictLookup,
  evaluateStoredEvents,
  loadStoredEvents,
  type StoredEvent,
  type StoredEventCandidates,
} from './stored-events.ts';

export interface ReplayDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly candidates: CandidateIndex;
  readonly limits: Limits;
}

/** The counts of a replay so far. */
export interface ReplayCounts {
  readonly replayedCount: number;
  /** Number of existing verdicts, which a replay never changes. */
  readonly keptCount: number;
  readonly decidedCount: number;
  readonly enrolledCount: number;
}

const NO_COUNTS: ReplayCounts = { replayedCount: 0, keptCount: 0, decidedCount: 0, enrolledCount: 0 };

/**
 * Replays page by page, each page in its own transaction: committed verdicts stay when the call ends early,
 * and repeating the call decides the rest. Errors: VALIDATION_FAILED.
 */
export async function replayEvents(
  deps: ReplayDeps,
  accountId: string,
  request: ReplayEventsRequest,
  call: TransactionLimits,
): Promise<ReplayCounts> {
  const { database, limits } = deps;
  const chosen = await database.transaction(accountId, (tx) => chooseEvents(tx, request, limits), call);
  let counts = NO_COUNTS;
  for (let start = 0; start < chosen.length; start += limits.replayPageSize) {
    const page = chosen.slice(start, start + limits.replayPageSize);
    const work = (tx: Transaction) => replayPage(tx, page, request.triggerIds, deps);
    counts = addCounts(counts, await database.transaction(accountId, work, call));
  }
  return counts;
}

interface ChosenEvent {
  id: string;
  partition: number;
}

/** Selects the events in the order of acceptance. */
async function chooseEvents(
  tx: Transaction,
  request: ReplayEventsRequest,
  limits: Pick<Limits, 'replayedEvents'>,
): Promise<ChosenEvent[]> {
  const { eventIds } = request;
  const span = eventIds.length > 0 ? null : readPeriod(request);
  const chosen = span
    ? sql`e.recorded_at >= ${instantToText(span.start)}::timestamptz
        and e.recorded_at < ${instantToText(span.end)}::timestamptz`
    : sql`e.id = any(${eventIds}::uuid[])`;
  const { rows } = await sql<ChosenEvent>`
    select e.id, (uuid_hash_extended(e.user_id, 0) & 31)::int as partition from events e
    where e.account_id = ${tx.accountId} and e.user_id is not null and ${chosen}
    order by e.sequence, e.position
    limit ${limits.replayedEvents + 1}`.execute(tx.sql);
  if (rows.length > limits.replayedEvents) {
    const description = `must leave at most ${limits.replayedEvents} events to replay`;
    throw invalidFields([{ field: 'end_time', description }]);
  }
  return rows;
}

function readPeriod({ startTime, endTime }: ReplayEventsRequest): { start: Instant; end: Instant } {
  if (!startTime || !endTime) {
    const description = 'is required without event_ids';
    throw invalidFields([{ field: startTime ? 'end_time' : 'start_time', description }]);
  }
  const start = instantOfField(startTime, 'start_time');
  const end = instantOfField(endTime, 'end_time');
  if (start >= end) {
    throw invalidFields([{ field: 'start_time', description: 'must be before end_time' }]);
  }
  return { start, end };
}

async function replayPage(
  tx: Transaction,
  page: readonly ChosenEvent[],
  triggerIds: readonly string[],
  { clock, candidates, limits }: ReplayDeps,
): Promise<ReplayCounts> {
  await lockPartitions(
    tx,
    page.map(({ partition }) => partition),
  );
  const triggers = await candidates.load(tx);
  const stored = await loadStoredEvents(
    tx,
    page.map(({ id }) => id),
  );
  const logged = await loadLogged(tx, page);
  const select = (each: StoredEvent) => selectUndecidedTriggers(each, triggers, triggerIds, logged);
  const events = await mapInSlices(stored, select);
  const recording = { kind: 'REPLAY', now: clock(), limits } as const;
  const verdicts = await evaluateStoredEvents(tx, events, recording);
  return {
    replayedCount: stored.length,
    keptCount: events.reduce((sum, { kept }) => sum + kept, 0),
    decidedCount: verdicts.filter(({ reason }) => reason !== 'ERROR').length,
    enrolledCount: verdicts.filter(({ reason }) => reason === 'ENROLLED').length,
  };
}

/** Selects the triggers without a verdict on the event, and counts those with one. */
function selectUndecidedTriggers(
  stored: StoredEvent,
  triggers: AccountTriggers,
  triggerIds: readonly string[],
  logged: ReadonlySet<string>,
): StoredEventCandidates & { readonly kept: number } {
  const { event } = stored;
  const wanted = triggers
    .candidates(event)
    .filter(({ id }) => triggerIds.length === 0 || triggerIds.includes(id));
  const isDecided = createVerdictLookup(stored);
  const open = wanted.filter(({ id }) => !isDecided(id) && !logged.has(`${event.id} ${id}`));
  return { stored, triggers: open, kept: wanted.length - open.length };
}

/**
 * Loads the execution logs that are verdicts, by event and trigger; they exist longer than the outcomes of
 * the events.
 */
async function loadLogged(
  { accountId, sql: db }: Transaction,
  page: readonly ChosenEvent[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ event_id: string; trigger_id: string }>`
    select event_id, trigger_id from trigger_execution_logs
    where account_id = ${accountId} and event_id = any(${page.map(({ id }) => id)}::uuid[]) and kind <> 'TEST'
      and failure_reason is distinct from ${sql.lit('ERROR')}`.execute(db);
  return new Set(rows.map((row) => `${row.event_id} ${row.trigger_id}`));
}

function addCounts(one: ReplayCounts, other: ReplayCounts): ReplayCounts {
  return {
    replayedCount: one.replayedCount + other.replayedCount,
    keptCount: one.keptCount + other.keptCount,
    decidedCount: one.decidedCount + other.decidedCount,
    enrolledCount: one.enrolledCount + other.enrolledCount,
  };
}
