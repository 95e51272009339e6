/** Reads the sets of athletes' sessions, and the changes of lift maxes that the sessions made. */
import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import { WORK_KINDS } from '../../store/entities/logged-set.ts';
import { instantFromText } from '../../values/instant.ts';
import type { MaxType, TriggerType } from '../evaluation/rules/rule.ts';
import { addSessionChange, maxKey, type SessionChange } from '../evaluation/snapshot.ts';
import type { SetKind, StoredSet } from '../evaluation/trigger-event.ts';
import type { SessionApplication } from './trigger-command.ts';

/** A session of an athlete. */
export interface SessionOf {
  readonly userId: string;
  readonly sessionId: string;
}

export interface SetRow {
  user_id: string;
  id: string;
  lift_id: string;
  set_number: number;
  kind: SetKind;
  weight: string;
  target_weight: string | null;
  target_reps: number;
  reps_performed: number;
  rpe: string | null;
  performed_at: string;
}

export const SET_COLUMNS = sql.raw(
  's.user_id, s.id, s.lift_id, s.set_number, s.kind, s.weight, s.target_weight, s.target_reps, s.reps_performed, s.rpe, s.performed_at',
);

/** The stored sets of each session, in order of acceptance, by athlete. */
export async function loadSessionSets(
  tx: Transaction,
  sessions: readonly SessionOf[],
): Promise<Map<string, StoredSet[]>> {
  const { rows } = await sql<SetRow>`
    select ${SET_COLUMNS}
    from unnest(${sessions.map((s) => s.userId)}::uuid[], ${sessions.map((s) => s.sessionId)}::uuid[])
      as k(user_id, session_id)
    cross join lateral (
      select * from logged_sets
      where account_id = ${tx.accountId} and user_id = k.user_id and session_id = k.session_id
      offset 0
    ) s
    order by s.sequence, s.id`.execute(tx.sql);
  return setsByUser(rows);
}

/** For one athlete: the sets of each lift's latest session with a work set of it. */
export async function loadLatestSets(
  tx: Transaction,
  userId: string,
  liftIds: readonly string[],
): Promise<StoredSet[]> {
  const { rows } = await sql<SetRow>`
    select ${SET_COLUMNS}
    from unnest(${liftIds}::uuid[]) as k(lift_id)
    cross join lateral (
      select session_id from logged_sets
      where account_id = ${tx.accountId} and user_id = ${userId} and lift_id = k.lift_id and kind in ${WORK_KINDS}
      order by sequence desc limit 1
    ) latest
    join logged_sets s on s.account_id = ${tx.accountId} and s.user_id = ${userId}
      and s.session_id = latest.session_id and s.lift_id = k.lift_id
    order by s.sequence, s.id`.execute(tx.sql);
  return rows.map(storedSetOf);
}

/**
 * The applications of each session so far, oldest first, by athlete. Those of the session's end matter only
 * to sets that arrive after it, so the ledger is asked first whether there was an end.
 */
export async function loadSessionApplications(
  tx: Transaction,
  sessions: readonly SessionOf[],
): Promise<Map<string, SessionApplication[]>> {
  const { rows } = await sql<{
    user_id: string;
    id: string;
    progression_id: string;
    lift_id: string;
    max_type: MaxType;
    trigger_type: TriggerType;
    trigger_key: string;
    previous_value: string;
    new_value: string;
    applied_at: string;
    is_reverted: boolean;
  }>`
    select l.user_id, l.id, l.progression_id, l.lift_id, l.max_type, l.trigger_type, l.trigger_key,
      l.previous_value, l.new_value, l.applied_at,
      exists (select from progression_logs r where r.account_id = ${tx.accountId} and r.reverts_log_id = l.id)
        as is_reverted
    from unnest(${sessions.map((s) => s.userId)}::uuid[], ${sessions.map((s) => s.sessionId)}::uuid[])
      as k(user_id, session_id)
    cross join lateral (
      select * from progression_logs
      where account_id = ${tx.accountId} and user_id = k.user_id and session_id = k.session_id and trigger_key > ''
        and trigger_type in ('AFTER_SET', 'ON_FAILURE')
      union all
      select l.* from requests r
      join progression_logs l on l.account_id = ${tx.accountId} and l.user_id = r.user_id
        and l.session_id = k.session_id and l.trigger_key = r.trigger_key and l.trigger_key > ''
        and l.trigger_type = 'AFTER_SESSION' and l.applied_at >= r.occurred_at
      where r.account_id = ${tx.accountId} and r.user_id = k.user_id and r.trigger_type = 'AFTER_SESSION'
        and r.trigger_key = 'session:' || k.session_id
      offset 0
    ) l
    order by l.lift_max_version`.execute(tx.sql);
  const applications = new Map<string, SessionApplication[]>();
  for (const row of rows) {
    const list = applications.get(row.user_id) ?? [];
    applications.set(row.user_id, list);
    list.push({
      logId: row.id,
      progressionId: row.progression_id,
      liftId: row.lift_id,
      maxType: row.max_type,
      triggerType: row.trigger_type,
      triggerKey: row.trigger_key,
      previousValue: new Decimal(row.previous_value),
      newValue: new Decimal(row.new_value),
      appliedAt: instantFromText(row.applied_at),
      isReverted: row.is_reverted,
    });
  }
  return applications;
}

/** The standing applications of a session, by lift max. */
export function sessionChangesOf(applications: readonly SessionApplication[]): Map<string, SessionChange> {
  const changes = new Map<string, SessionChange>();
  for (const application of applications) {
    if (!application.isReverted) {
      addSessionChange(changes, maxKey(application.liftId, application.maxType), application);
    }
  }
  return changes;
}

function setsByUser(rows: readonly SetRow[]): Map<string, StoredSet[]> {
  const byUser = new Map<string, StoredSet[]>();
  for (const row of rows) {
    const sets = byUser.get(row.user_id) ?? [];
    byUser.set(row.user_id, sets);
    sets.push(storedSetOf(row));
  }
  return byUser;
}

export function storedSetOf(row: SetRow): StoredSet {
  return {
    id: row.id,
    liftId: row.lift_id,
    setNumber: row.set_number,
    kind: row.kind,
    weight: new Decimal(row.weight),
    targetWeight: row.target_weight === null ? null : new Decimal(row.target_weight),
    targetReps: row.target_reps,
    repsPerformed: row.reps_performed,
    rpe: row.rpe === null ? null : new Decimal(row.rpe),
    performedAt: instantFromText(row.performed_at),
  };
}
