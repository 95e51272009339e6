/** Reads an athlete's history; the athlete's lock is held. */
import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import { instantFromText } from '../../values/instant.ts';
import type { MaxType, TriggerType } from '../evaluation/rules/rule.ts';
import { type FailureCount, ruleKey, type WeightUnit } from '../evaluation/snapshot.ts';
import { sessionTriggerKey, setTriggerKey } from '../evaluation/trigger-event.ts';
import type { EndItem, History, RuleBase, SetItem, VersionItem } from './history.ts';
import { SET_COLUMNS, type SetRow, storedSetOf } from './load-sessions.ts';

/** `from` is the enrollment's active_from_sequence. */
export async function loadHistory(
  tx: Transaction,
  { userId, liftIds, from }: { userId: string; liftIds: readonly string[]; from: string },
): Promise<History> {
  const [sets, ends, versions, memories] = await Promise.all([
    loadSets(tx, userId, liftIds),
    loadEnds(tx, userId, from),
    loadVersions(tx, userId, liftIds),
    loadMemories(tx, userId, liftIds, from),
  ]);
  return { from: BigInt(from), sets, ends, versions: placed(versions, sets, ends), ...memories };
}

/** Versions at the positions of the events that made them, which may have been decided again since. */
function placed(
  versions: readonly VersionItem[],
  sets: readonly SetItem[],
  ends: readonly EndItem[],
): VersionItem[] {
  const positions = new Map([
    ...sets.map(
      ({ sessionId, set, sequence }) => [`${set.liftId} ${setTriggerKey(sessionId, set)}`, sequence] as const,
    ),
    ...ends.flatMap(({ detail, sequence }) =>
      detail.liftsPerformed.map(
        (liftId) => [`${liftId} ${sessionTriggerKey(detail.sessionId)}`, sequence] as const,
      ),
    ),
  ]);
  return versions.map((version) => ({
    ...version,
    sequence: positions.get(`${version.liftId} ${version.log?.triggerKey}`) ?? version.sequence,
  }));
}

/** Older ones too: a session may have begun before the enrollment was resumed. */
async function loadSets(tx: Transaction, userId: string, liftIds: readonly string[]): Promise<SetItem[]> {
  const { rows } = await sql<SetRow & { session_id: string; sequence: string; recorded_at: string }>`
    select ${SET_COLUMNS}, s.session_id, s.sequence, s.recorded_at
    from unnest(${liftIds}::uuid[]) as k(lift_id)
    cross join lateral (
      select * from logged_sets
      where account_id = ${tx.accountId} and user_id = ${userId} and lift_id = k.lift_id
      offset 0
    ) s
    order by s.sequence, s.id`.execute(tx.sql);
  return rows.map((row) => ({
    sequence: BigInt(row.sequence),
    sessionId: row.session_id,
    recordedAt: row.recorded_at,
    set: storedSetOf(row),
  }));
}

interface StoredEnd {
  readonly daySlug: string;
  readonly weekNumber: number;
  readonly liftsPerformed: readonly string[];
  /** Calls that completed the session again; `liftsPerformed` has their lifts too. */
  readonly again?: readonly {
    readonly liftsPerformed: readonly string[];
    readonly sequence: number;
    readonly occurredAt: string;
  }[];
}

/**
 * Ends from before their details were stored are left out: they cannot be decided again. A session that ended before
 * `from` may have been completed again since.
 */
async function loadEnds(tx: Transaction, userId: string, from: string): Promise<EndItem[]> {
  const { rows } = await sql<{
    sequence: string;
    trigger_key: string;
    occurred_at: string;
    detail: StoredEnd;
  }>`
    select sequence, trigger_key, occurred_at, detail from requests
    where account_id = ${tx.accountId} and user_id = ${userId} and trigger_type = 'AFTER_SESSION'
      and (sequence > ${from} or detail -> 'again' is not null) and detail is not null
    order by sequence`.execute(tx.sql);
  const ends = rows.flatMap(({ sequence, trigger_key, occurred_at, detail }) => {
    const { daySlug, weekNumber, again = [] } = detail;
    const sessionId = trigger_key.slice('session:'.length);
    const later = new Set(again.flatMap(({ liftsPerformed }) => liftsPerformed));
    const endOf = (at: string | number, occurredAt: string, liftsPerformed: readonly string[]): EndItem => ({
      sequence: BigInt(at),
      occurredAt: instantFromText(occurredAt),
      detail: { type: 'SESSION_COMPLETED', sessionId, daySlug, weekNumber, liftsPerformed },
    });
    return [
      endOf(
        sequence,
        occurred_at,
        detail.liftsPerformed.filter((liftId) => !later.has(liftId)),
      ),
      ...again.map((each) => endOf(each.sequence, each.occurredAt, each.liftsPerformed)),
    ];
  });
  return ends.filter((end) => end.sequence > BigInt(from));
}

async function loadVersions(
  tx: Transaction,
  userId: string,
  liftIds: readonly string[],
): Promise<VersionItem[]> {
  const { rows } = await sql<{
    sequence: string;
    lift_id: string;
    max_type: MaxType;
    version: number;
    value: string;
    unit: WeightUnit;
    source: VersionItem['source'];
    log_id: string | null;
    progression_id: string;
    trigger_type: TriggerType;
    trigger_key: string;
    session_id: string | null;
    previous_value: string;
    failures_before: number | null;
    stage_before: number | null;
    stage_after: number | null;
    is_reverted: boolean;
    is_withdrawn: boolean;
    applied_at: string;
  }>`
    select m.sequence, m.lift_id, m.max_type, m.version, m.value, m.unit, m.source, l.id as log_id, l.progression_id,
      l.trigger_type, l.trigger_key, l.session_id, l.previous_value, l.failures_before, l.stage_before, l.stage_after,
      l.is_reverted, l.applied_at, l.is_reverted and exists (
        select from progression_logs r
        where r.account_id = ${tx.accountId} and r.reverts_log_id = l.id
          and coalesce(r.trigger_context ->> 'undoneBy', 'RevertProgression') = 'RevertProgression'
      ) as is_withdrawn
    from lift_maxes m
    left join progression_logs l on l.account_id = ${tx.accountId} and l.user_id = m.user_id and l.lift_id = m.lift_id
      and l.max_type = m.max_type and l.lift_max_version = m.version
    where m.account_id = ${tx.accountId} and m.user_id = ${userId} and m.lift_id = any(${liftIds}::uuid[])
    order by m.version`.execute(tx.sql);
  return rows.map((row) => {
    const value = new Decimal(row.value);
    const log = row.log_id && {
      logId: row.log_id,
      progressionId: row.progression_id,
      triggerType: row.trigger_type,
      triggerKey: row.trigger_key,
      sessionId: row.session_id,
      previousValue: new Decimal(row.previous_value),
      newValue: value,
      failuresBefore: row.failures_before,
      stageBefore: row.stage_before,
      stageAfter: row.stage_after,
      isReverted: row.is_reverted,
      isWithdrawn: row.is_withdrawn,
      appliedAt: instantFromText(row.applied_at),
    };
    return {
      sequence: BigInt(row.sequence),
      liftId: row.lift_id,
      maxType: row.max_type,
      version: row.version,
      value,
      unit: row.unit,
      source: row.source,
      log: log || null,
    };
  });
}

async function loadMemories(tx: Transaction, userId: string, liftIds: readonly string[], from: string) {
  const { rows } = await sql<{
    lift_id: string;
    progression_id: string;
    consecutive_failures: number | null;
    last_failure_at: string | null;
    last_success_at: string | null;
    stage: number | null;
    base: number;
    base_sequence: string;
  }>`
    select lift_id, progression_id, consecutive_failures, last_failure_at, last_success_at, null::int as stage,
      base_failures as base, coalesce(base_sequence, ${from}) as base_sequence
    from failure_counters
    where account_id = ${tx.accountId} and user_id = ${userId} and lift_id = any(${liftIds}::uuid[])
    union all
    select lift_id, progression_id, null, null, null, stage, base_stage, coalesce(base_sequence, ${from})
    from progression_states
    where account_id = ${tx.accountId} and user_id = ${userId} and lift_id = any(${liftIds}::uuid[])`.execute(
    tx.sql,
  );
  const bases = new Map<string, RuleBase>();
  const failureCounts = new Map<string, FailureCount>();
  const stages = new Map<string, number>();
  const none = { from: BigInt(from), value: 0 };
  for (const row of rows) {
    const key = ruleKey(row.lift_id, row.progression_id);
    const known = bases.get(key) ?? { failures: none, stage: none };
    const base = { from: BigInt(row.base_sequence), value: row.base };
    bases.set(key, row.stage === null ? { ...known, failures: base } : { ...known, stage: base });
    if (row.stage !== null) {
      stages.set(key, row.stage);
    }
    if (row.consecutive_failures !== null) {
      failureCounts.set(key, {
        consecutiveFailures: row.consecutive_failures,
        lastFailureAt: row.last_failure_at === null ? null : instantFromText(row.last_failure_at),
        lastSuccessAt: row.last_success_at === null ? null : instantFromText(row.last_success_at),
      });
    }
  }
  return { bases, failureCounts, stages };
}
