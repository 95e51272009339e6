/**
 * Runs that listen to events: a run ends when its goal is reached, and goes on when the event comes that it waits
 * for. All of it is part of the transaction that evaluates the event.
 */
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { FilterUnreadable, type JsonObject } from '../../filters/filter.ts';
import { ActionSchema } from '../../gen/automation/v1/action_pb.ts';
import type { FilterGroup } from '../../gen/automation/v1/filter_pb.ts';
import { ExitGoalSchema } from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { matchesEvent } from '../actions/run-filter.ts';
import { programOf } from '../actions/tree/program.ts';
import { type AcceptedEvent, toEventSnapshot } from '../decision/accepted-event.ts';
import type { AccountTypes } from '../event-types/account-types.ts';
import { type HeldCapSlot, loadHeldCapCounters, releaseCapSlots } from './queued-enrollment.ts';

export interface ListeningRun extends HeldCapSlot {
  readonly id: string;
  readonly userId: string;
  readonly state: string;
  readonly nextStep: number;
  /** The event that started it; null for a run that no event started. */
  readonly eventId: string | null;
  readonly hasReceived: boolean;
  readonly exits: readonly JsonValue[];
  readonly actions: readonly unknown[];
}

/**
 * The runs of the events' athletes that listen to their types, locked until the transaction ends. Call it before other
 * locks are taken: a step holds its run while it waits for other locks. Its caller holds the partitions, so that no run
 * begins to listen meanwhile.
 */
export async function lockListeningRuns(
  { accountId, sql: db }: Transaction,
  events: readonly AcceptedEvent[],
): Promise<readonly ListeningRun[]> {
  const userIds = [...new Set(events.map(({ userId }) => userId).filter((id) => id !== null))];
  if (userIds.length === 0) {
    return [];
  }
  const types = [...new Set(events.map(({ type }) => type))];
  const { rows } = await sql<ListeningRun>`
    select e.id, e.user_id as "userId", e.state, e.next_step as "nextStep", e.event_id as "eventId",
      e.received is not null as "hasReceived", e.workflow_id as "workflowId", e.trigger_id as "triggerId",
      e.trigger_version as "triggerVersion", e.enrolled_at as "enrolledAt", v.exits, v.actions
    from workflow_enrollments e
    join workflow_versions v
      on v.account_id = e.account_id and v.workflow_id = e.workflow_id and v.version = e.workflow_version
    where e.account_id = ${accountId} and e.user_id = any(${userIds}::uuid[])
      and e.listens_to is not null and e.ended_at is null and e.listens_to ?| ${types}::text[]
    order by e.id
    for no key update of e`.execute(db);
  return rows;
}

/** Tells the locked runs of the events, in the order of these. A run hears nothing of what came before its own event. */
export async function tellListeningRuns(
  tx: Transaction,
  runs: readonly ListeningRun[],
  events: readonly AcceptedEvent[],
  { now, types }: { readonly now: Instant; readonly types: AccountTypes },
): Promise<void> {
  if (runs.length === 0) {
    return;
  }
  for (const run of runs) {
    const started = events.findIndex(({ id }) => id === run.eventId);
    const heard = events.slice(started + 1).filter(({ userId }) => userId === run.userId);
    const goals = run.exits.map((json) => fromJson(ExitGoalSchema, json));
    const awaited = run.hasReceived ? undefined : awaitedBy(run);
    if (await findHeard(tx, types, goals, heard)) {
      await exit(tx, run, now);
      continue;
    }
    const received = awaited && (await findHeard(tx, types, [awaited], heard));
    if (received) {
      await wake(tx, run, received, now);
    }
  }
}

/** An event that a run listens to. */
interface Awaited {
  readonly eventType: string;
  readonly filter?: FilterGroup | undefined;
}

/** The first of the events that is one of the awaited. A filter that cannot be read matches nothing. */
async function findHeard(
  tx: Transaction,
  types: AccountTypes,
  awaited: readonly Awaited[],
  events: readonly AcceptedEvent[],
): Promise<AcceptedEvent | undefined> {
  for (const event of events) {
    for (const { filter } of awaited.filter(({ eventType }) => eventType === event.type)) {
      if (!filter || (await matches(tx, types, event, filter))) {
        return event;
      }
    }
  }
  return undefined;
}

async function matches(
  tx: Transaction,
  types: AccountTypes,
  event: AcceptedEvent,
  filter: FilterGroup,
): Promise<boolean> {
  const { type, occurredAt: at, userId } = event;
  try {
    const read = { event: toEventSnapshot(event), type, userId: userId ?? '', at };
    return await matchesEvent(tx, types, read, filter);
  } catch (error) {
    if (error instanceof FilterUnreadable) {
      return false;
    }
    throw error;
  }
}

/** What the run waits for, if it is at such a step. */
function awaitedBy({ actions, nextStep, state }: ListeningRun): Awaited | undefined {
  const stored = programOf(actions)[nextStep]?.stored as JsonObject | undefined;
  if (state === 'QUEUED' || !stored?.waitForEvent) {
    return undefined;
  }
  const { action } = fromJson(ActionSchema, stored as JsonValue);
  return action.case === 'waitForEvent' ? action.value : undefined;
}

/** A queued run returns its slot in the cap. A call that is under way is recorded in the ended run. */
async function exit(tx: Transaction, run: ListeningRun, now: Instant): Promise<void> {
  await sql`
    update workflow_enrollments set state = 'EXITED', due_at = null, paused_due_at = null,
      ended_at = ${instantToText(now)}::timestamptz, ended_reason = 'GOAL_REACHED'
    where account_id = ${tx.accountId} and id = ${run.id}`.execute(tx.sql);
  const held = run.state === 'QUEUED' ? await loadHeldCapCounters(tx, [run]) : [];
  await (held.length > 0 && releaseCapSlots(tx, held));
}

/** A paused run goes on when it is resumed. */
async function wake(
  tx: Transaction,
  { id, state }: ListeningRun,
  event: AcceptedEvent,
  now: Instant,
): Promise<void> {
  const due = sql.ref(state === 'PAUSED' ? 'paused_due_at' : 'due_at');
  await sql`
    update workflow_enrollments set received = ${JSON.stringify(toEventSnapshot(event))}::jsonb,
      ${due} = ${instantToText(now)}::timestamptz
    where account_id = ${tx.accountId} and id = ${id}`.execute(tx.sql);
}
