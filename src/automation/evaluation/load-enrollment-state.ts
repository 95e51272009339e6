/** Loads the enrollments, holds and cap counters on which the verdicts of a batch depend. */
import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantFromText, instantToText } from '../../values/instant.ts';
import { isReadable } from '../decision/compile-trigger.ts';
import { findReachableCapCounters } from '../decision/decide.ts';
import type { DecisionContext, LoopLimits } from '../decision/decision-stages.ts';
import { type CapCounter, EnrollmentState, toPairKey } from '../decision/enrollment-state.ts';
import type { Match } from '../decision/match-event.ts';
import type { TriggerPolicy } from '../decision/trigger-policy.ts';

/** Whether the match and its athlete allow an enrollment, before policies and limits are checked. */
export function canEnroll({ matched, subject }: Match): boolean {
  return matched && subject !== null && subject.deletedAt === null && subject.optedOutAt === null;
}

/**
 * Loads the state for the matches. With `locksCaps` the cap counters that may be incremented are locked until
 * the transaction ends, in one order for all transactions; without it they are only read.
 */
export async function loadEnrollmentState(
  tx: Transaction,
  matches: readonly Match[],
  decision: DecisionContext,
  { locksCaps }: { readonly locksCaps: boolean },
): Promise<EnrollmentState> {
  const state = new EnrollmentState();
  if (matches.length === 0) {
    return state;
  }
  await addVersionsAndHolds(tx, matches, state);
  await addEnrollments(tx, matches, state, decision.limits);
  const counters = findReachableCapCounters(matches, state, decision);
  if (counters.length > 0) {
    await addCounts(tx, counters, state, locksCaps);
  }
  return state;
}

interface PairRow {
  workflow_id: string;
  user_id: string;
  version: number;
  exits: readonly { readonly eventType: string }[];
  held_at: string | null;
  last_event_at: string | null;
  released_at: string | null;
}

/** Adds the versions of the workflows and the holds of the athletes. */
async function addVersionsAndHolds(
  { accountId, sql: db }: Transaction,
  matches: readonly Match[],
  state: EnrollmentState,
) {
  const { rows } = await sql<PairRow>`
    select p.workflow_id, p.user_id, w.version, w.exits, h.held_at, h.last_event_at, h.released_at
    from (select distinct * from unnest(
      ${matches.map(({ trigger }) => trigger.workflowId)}::uuid[], ${matches.map(({ userId }) => userId)}::uuid[]
    ) as p(workflow_id, user_id)) p
    join workflows w on w.account_id = ${accountId} and w.id = p.workflow_id
    left join workflow_holds h
      on h.account_id = ${accountId} and h.workflow_id = p.workflow_id and h.user_id = p.user_id`.execute(db);
  for (const row of rows) {
    const exitEvents = row.exits.map(({ eventType }) => eventType);
    state.setWorkflowVersion(row.workflow_id, row.version, exitEvents);
    if (row.held_at !== null && row.last_event_at !== null) {
      state.setHold(toPairKey(row.workflow_id, row.user_id), {
        heldAt: instantFromText(row.held_at),
        lastEventAt: instantFromText(row.last_event_at),
        releasedAt: row.released_at === null ? null : instantFromText(row.released_at),
      });
    }
  }
}

/** Which enrollments of an athlete in a workflow a match needs. */
interface EnrollmentQuery {
  readonly workflowId: string;
  readonly userId: string;
  readonly policy: TriggerPolicy['policy'];
  readonly from: Instant;
  readonly at: Instant;
  readonly until: Instant;
  /** Maximum number of enrollments before and after `at`; further ones cannot change a verdict. */
  readonly most: number;
  /** The start of the loop guard's window; null when a workflow did not cause the event. */
  readonly loopFrom: Instant | null;
  /** Maximum number of enrollments in the window that events of workflows caused. */
  readonly mostCaused: number;
}

/** The cause of an enrollment is that of its steps, one level deeper than its event. */
const IS_CAUSED = sql`(e.cause ->> 'depth')::int > 1`;

/** Excludes enrollments that were cancelled before their first step. */
const IS_COUNTED = sql`not (e.state = 'CANCELLED' and e.next_step = 0)`;

async function addEnrollments(
  { accountId, sql: db }: Transaction,
  matches: readonly Match[],
  state: EnrollmentState,
  limits: LoopLimits,
) {
  const spans = matches.flatMap((match) => toEnrollmentQueries(match, limits));
  const column = <T>(read: (span: EnrollmentQuery) => T) => spans.map(read);
  const ofPair = sql`
    select e.id, e.workflow_id, e.user_id, e.enrolled_at, e.recorded_at, e.ended_at is null as is_open,
      ${IS_CAUSED} as is_caused
    from workflow_enrollments e
    where e.account_id = ${accountId} and e.user_id = m.user_id and e.workflow_id = m.workflow_id and ${IS_COUNTED}`;
  const { rows } = await sql<EnrollmentRow>`
    select distinct e.* from unnest(
      ${column(({ workflowId }) => workflowId)}::uuid[], ${column(({ userId }) => userId)}::uuid[],
      ${column(({ policy }) => policy)}::text[], ${column(({ from }) => instantToText(from))}::timestamptz[],
      ${column(({ at }) => instantToText(at))}::timestamptz[],
      ${column(({ until }) => instantToText(until))}::timestamptz[], ${column(({ most }) => most)}::int[],
      ${column(({ loopFrom }) => loopFrom && instantToText(loopFrom))}::timestamptz[],
      ${column(({ mostCaused }) => mostCaused)}::int[]
    ) as m(workflow_id, user_id, policy, from_at, at, until_at, most, loop_from_at, most_caused)
    cross join lateral (
      (${ofPair} and e.enrolled_at > m.from_at and e.enrolled_at <= m.at order by e.enrolled_at desc limit m.most)
      union all
      (${ofPair} and e.enrolled_at > m.at and e.enrolled_at < m.until_at order by e.enrolled_at limit m.most)
      union all
      (${ofPair} and (m.policy = 'ONCE_EVER' or m.policy = 'ONE_ACTIVE' and e.ended_at is null)
        order by e.enrolled_at desc limit ${WITH_OWN})
      union all
      (${ofPair} and e.enrolled_at > m.loop_from_at and e.enrolled_at <= m.at and ${IS_CAUSED}
        order by e.enrolled_at desc limit m.most_caused)
    ) e`.execute(db);
  for (const row of rows) {
    state.addEnrollment(toPairKey(row.workflow_id, row.user_id), {
      id: row.id,
      enrolledAt: instantFromText(row.enrolled_at),
      recordedAt: instantFromText(row.recorded_at),
      isOpen: row.is_open,
      isCausedByWorkflow: row.is_caused,
    });
  }
}

interface EnrollmentRow {
  id: string;
  workflow_id: string;
  user_id: string;
  enrolled_at: string;
  recorded_at: string;
  is_open: boolean;
  is_caused: boolean;
}

/** Two rows, because one of them may be the enrollment that is decided again. */
const WITH_OWN = 2;

function toEnrollmentQueries({ trigger, userId, event }: Match, limits: LoopLimits): EnrollmentQuery[] {
  const { rule, workflowId } = trigger;
  if (!isReadable(rule)) {
    return [];
  }
  const { policy, cooldown, limit } = rule.policy;
  const window = limit?.window ?? 0n;
  const span = cooldown > window ? cooldown : window;
  const at = event.occurredAt;
  const most = Math.max(limit?.count ?? 0, 1) + 1;
  const loopFrom = event.depth > 0 ? at - BigInt(limits.loopSpanMs) * 1000n : null;
  const mostCaused = 2 * limits.loopEnrollments + 1;
  return [{ workflowId, userId, policy, at, from: at - span, until: at + span, most, loopFrom, mostCaused }];
}

async function addCounts(
  { accountId, sql: db }: Transaction,
  counters: readonly CapCounter[],
  state: EnrollmentState,
  locks: boolean,
) {
  const wanted = sql`unnest(
      ${counters.map(({ name }) => name)}::text[],
      ${counters.map(({ windowSeconds }) => String(windowSeconds))}::bigint[],
      ${counters.map(({ windowBeganAt }) => instantToText(windowBeganAt))}::timestamptz[]
    ) as c(name, window_seconds, window_began_at)`;
  const read = sql<CounterRow>`
    select name, window_seconds, window_began_at, count from enrollment_caps
    join ${wanted} using (name, window_seconds, window_began_at)
    where account_id = ${accountId}`;
  // An upsert that does not change the row locks it, whether or not the row exists.
  const lock = sql<CounterRow>`
    insert into enrollment_caps (account_id, name, window_seconds, window_began_at, count)
    select a.id, c.*, 0 from accounts a cross join ${wanted}
    where a.id = ${accountId}
    order by c.name, c.window_seconds, c.window_began_at
    on conflict (account_id, name, window_seconds, window_began_at) do update set count = enrollment_caps.count
    returning name, window_seconds, window_began_at, count`;
  const { rows } = await (locks ? lock : read).execute(db);
  for (const row of rows) {
    state.setCount(
      {
        name: row.name,
        windowSeconds: BigInt(row.window_seconds),
        windowBeganAt: instantFromText(row.window_began_at),
      },
      row.count,
    );
  }
}

interface CounterRow {
  name: string;
  window_seconds: string;
  window_began_at: string;
  count: number;
}
