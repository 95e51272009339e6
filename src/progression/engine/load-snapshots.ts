/** Reads the state that rules depend on, with one query of each kind for a whole group of events. */
import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import { WORK_KINDS } from '../../store/entities/logged-set.ts';
import { type Instant, instantFromText, instantToText } from '../../values/instant.ts';
import type { Assignment, ProgramRules } from '../evaluation/program-rules.ts';
import type { MaxType } from '../evaluation/rules/rule.ts';
import {
  type CurrentMax,
  type FailureCount,
  maxKey,
  ruleKey,
  type WeightUnit,
} from '../evaluation/snapshot.ts';

/** An athlete in a group, with the rules that the event may concern. */
export interface Subject {
  readonly userId: string;
  readonly program: ProgramRules;
  readonly assignments: readonly Assignment[];
}

/** Rows of a group, by athlete. */
export type ByUser<T> = ReadonlyMap<string, T>;

export async function loadMaxes(
  tx: Transaction,
  subjects: readonly Subject[],
): Promise<ByUser<Map<string, CurrentMax>>> {
  const users: string[] = [];
  const lifts: string[] = [];
  const maxTypes: string[] = [];
  for (const { userId, assignments } of subjects) {
    const keys = new Map(assignments.map((a) => [maxKey(a.liftId, a.rule.maxType), a]));
    for (const { liftId, rule } of keys.values()) {
      users.push(userId);
      lifts.push(liftId);
      maxTypes.push(rule.maxType);
    }
  }
  const maxes = new Map<string, Map<string, CurrentMax>>();
  if (users.length === 0) {
    return maxes;
  }
  const { rows } = await sql<{
    user_id: string;
    lift_id: string;
    max_type: MaxType;
    version: number;
    value: string;
    unit: WeightUnit;
  }>`
    select k.user_id, k.lift_id, k.max_type, m.version, m.value, m.unit
    from unnest(${users}::uuid[], ${lifts}::uuid[], ${maxTypes}::text[]) as k(user_id, lift_id, max_type)
    cross join lateral (
      select version, value, unit from lift_maxes
      where account_id = ${tx.accountId} and user_id = k.user_id and lift_id = k.lift_id
        and max_type = k.max_type
      order by version desc limit 1
    ) m`.execute(tx.sql);
  for (const row of rows) {
    entriesOf(maxes, row.user_id).set(maxKey(row.lift_id, row.max_type), {
      value: new Decimal(row.value),
      unit: row.unit,
      version: row.version,
    });
  }
  return maxes;
}

/** The state of stateful rules. */
export interface RuleMemories {
  readonly failureCounts: Map<string, FailureCount>;
  readonly stages: Map<string, number>;
}

export async function loadRuleMemories(
  tx: Transaction,
  subjects: readonly Subject[],
): Promise<ByUser<RuleMemories>> {
  const userIds = subjects
    .filter(({ program }) => program.assignments.some(({ rule }) => rule.triggerType === 'ON_FAILURE'))
    .map(({ userId }) => userId);
  const memories = new Map<string, RuleMemories>();
  if (userIds.length === 0) {
    return memories;
  }
  const { rows } = await sql<{
    user_id: string;
    lift_id: string;
    progression_id: string;
    consecutive_failures: number | null;
    last_failure_at: string | null;
    last_success_at: string | null;
    stage: number | null;
  }>`
    select k.user_id, m.*
    from unnest(${userIds}::uuid[]) as k(user_id)
    cross join lateral (
      select lift_id, progression_id, consecutive_failures, last_failure_at, last_success_at, null::int as stage
      from failure_counters where account_id = ${tx.accountId} and user_id = k.user_id
      union all
      select lift_id, progression_id, null, null, null, stage
      from progression_states where account_id = ${tx.accountId} and user_id = k.user_id
      offset 0
    ) m`.execute(tx.sql);
  for (const row of rows) {
    const memory = memories.get(row.user_id) ?? { failureCounts: new Map(), stages: new Map() };
    memories.set(row.user_id, memory);
    const key = ruleKey(row.lift_id, row.progression_id);
    if (row.stage !== null) {
      memory.stages.set(key, row.stage);
    }
    if (row.consecutive_failures !== null) {
      memory.failureCounts.set(key, {
        consecutiveFailures: row.consecutive_failures,
        lastFailureAt: row.last_failure_at === null ? null : instantFromText(row.last_failure_at),
        lastSuccessAt: row.last_success_at === null ? null : instantFromText(row.last_success_at),
      });
    }
  }
  return memories;
}

/** An athlete whose event ends a week or a cycle. */
export interface PeriodEnd extends Subject {
  readonly triggerType: string;
  /** Where the enrollment began, or was last resumed, in the order of acceptance. */
  readonly activeFromSequence: string;
}

/** Lifts with a work set in a week or cycle, and those of them with a failed one. */
export interface PeriodSets {
  readonly performed: Set<string>;
  readonly missed: Set<string>;
}

/**
 * Which lifts have work sets, and failed ones, since the athlete's previous event of the same type, in order of
 * acceptance; at most since the enrollment began or was last resumed.
 */
export async function loadPeriodSets(
  tx: Transaction,
  subjects: readonly PeriodEnd[],
): Promise<ByUser<PeriodSets>> {
  const asked = subjects.flatMap(({ assignments, ...period }) =>
    [...new Set(assignments.map(({ liftId }) => liftId))].map((liftId) => ({ ...period, liftId })),
  );
  const byUser = new Map<string, PeriodSets>();
  if (asked.length === 0) {
    return byUser;
  }
  const { rows } = await sql<{ user_id: string; lift_id: string; is_missed: boolean }>`
    select k.user_id, k.lift_id, l.is_missed
    from unnest(
      ${asked.map((a) => a.userId)}::uuid[], ${asked.map((a) => a.liftId)}::uuid[],
      ${asked.map((a) => a.triggerType)}::text[], ${asked.map((a) => a.activeFromSequence)}::bigint[]
    ) as k(user_id, lift_id, trigger_type, active_from)
    cross join lateral (
      select bool_or(s.reps_performed < s.target_reps or coalesce(s.weight < s.target_weight, false)) as is_missed
      from logged_sets s
      where s.account_id = ${tx.accountId} and s.user_id = k.user_id and s.lift_id = k.lift_id
        and s.kind in ${WORK_KINDS}
        and s.sequence > (
          select greatest(max(r.sequence), k.active_from) from requests r
          where r.account_id = ${tx.accountId} and r.user_id = k.user_id and r.trigger_type = k.trigger_type
        )
    ) l
    where l.is_missed is not null`.execute(tx.sql);
  for (const row of rows) {
    const sets = byUser.get(row.user_id) ?? { performed: new Set(), missed: new Set() };
    byUser.set(row.user_id, sets);
    sets.performed.add(row.lift_id);
    if (row.is_missed) {
      sets.missed.add(row.lift_id);
    }
  }
  return byUser;
}

/** The number of instants after an event's own that are read first, and the most that one event can need. */
const INSTANTS_AHEAD = 1_000;
const INSTANTS_NEEDED = 200;

/** The instants of an athlete's event. */
export interface EventSpan {
  readonly userId: string;
  readonly from: Instant;
  readonly to: Instant;
}

/** The taken instants from `from` until enough later ones are free for the event's applications. */
export async function loadTakenInstants(
  tx: Transaction,
  spans: readonly EventSpan[],
): Promise<ByUser<Set<Instant>>> {
  for (let ahead = INSTANTS_AHEAD; ; ahead *= 10) {
    const taken = await loadTakenUntil(tx, spans, BigInt(ahead));
    if ([...taken.values()].every(({ size }) => size <= ahead - INSTANTS_NEEDED)) {
      return taken;
    }
  }
}

async function loadTakenUntil(
  tx: Transaction,
  spans: readonly EventSpan[],
  ahead: bigint,
): Promise<ByUser<Set<Instant>>> {
  const { rows } = await sql<{ user_id: string; applied_at: string }>`
    select k.user_id, l.applied_at
    from unnest(
      ${spans.map((s) => s.userId)}::uuid[], ${spans.map((s) => instantToText(s.from))}::timestamptz[],
      ${spans.map((s) => instantToText(s.to + ahead))}::timestamptz[]
    ) as k(user_id, first_at, last_at)
    cross join lateral (
      select applied_at from progression_logs
      where account_id = ${tx.accountId} and user_id = k.user_id and applied_at between k.first_at and k.last_at
      offset 0
    ) l`.execute(tx.sql);
  const taken = new Map<string, Set<Instant>>();
  for (const row of rows) {
    const instants = taken.get(row.user_id) ?? new Set();
    taken.set(row.user_id, instants.add(instantFromText(row.applied_at)));
  }
  return taken;
}

function entriesOf<V>(byUser: Map<string, Map<string, V>>, userId: string): Map<string, V> {
  const entries = byUser.get(userId) ?? new Map<string, V>();
  byUser.set(userId, entries);
  return entries;
}
