/** What an athlete's maxes and stages were before a session. */
import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import { DomainError } from '../../errors/domain-error.ts';
import type { Transaction } from '../../store/database.ts';
import type { MaxType } from '../evaluation/rules/rule.ts';
import { type CurrentMax, maxKey, ruleKey, type WeightUnit } from '../evaluation/snapshot.ts';
import { sessionTriggerKey } from '../evaluation/trigger-event.ts';

/** Where a session began in the order of acceptance: at its first set, or at its end where none came before. */
export interface SessionStart {
  readonly userId: string;
  readonly sessionId: string;
  readonly sequence: string;
  /** As it was completed; null: it was not, or before that was stored. */
  readonly completedAs: { readonly daySlug: string; readonly weekNumber: number } | null;
}

/** EVENT_NOT_FOUND without a set and without an end; EARLIER_ENROLLMENT when it began before the given one. */
export async function loadSessionStart(
  tx: Transaction,
  { userId, sessionId, enrollmentId }: { userId: string; sessionId: string; enrollmentId: string },
): Promise<SessionStart> {
  const { rows } = await sql<{
    sequence: string;
    detail: { daySlug: string; weekNumber: number } | null;
    is_earlier: boolean;
  }>`
    select s.sequence, s.detail, s.recorded_at < e.started_at as is_earlier
    from (
      select sequence, recorded_at, null::jsonb as detail from logged_sets
      where account_id = ${tx.accountId} and user_id = ${userId} and session_id = ${sessionId}
      union all
      select sequence, recorded_at, detail from requests
      where account_id = ${tx.accountId} and user_id = ${userId} and trigger_type = 'AFTER_SESSION'
        and trigger_key = ${sessionTriggerKey(sessionId)}
    ) s
    join enrollments e on e.account_id = ${tx.accountId} and e.id = ${enrollmentId}
    order by s.sequence`.execute(tx.sql);
  const [first] = rows;
  if (!first) {
    throw new DomainError('EVENT_NOT_FOUND', `user ${userId} has no session ${sessionId}`, {
      metadata: { userId, sessionId },
    });
  }
  if (first.is_earlier) {
    throw new DomainError(
      'EARLIER_ENROLLMENT',
      `session ${sessionId} is from before the ACTIVE enrollment of user ${userId} began`,
      { metadata: { userId, enrollmentId } },
    );
  }
  const completedAs = rows.find(({ detail }) => detail)?.detail ?? null;
  return { userId, sessionId, sequence: first.sequence, completedAs };
}

/**
 * Every max of the athlete. One transaction draws the sequences of a session's sets and of the versions that they make
 * in any order, so that versions of the session are told by their log.
 */
export async function loadMaxesBefore(
  tx: Transaction,
  { userId, sessionId, sequence }: SessionStart,
): Promise<Map<string, CurrentMax>> {
  const { rows } = await sql<{
    lift_id: string;
    max_type: MaxType;
    version: number;
    value: string;
    unit: WeightUnit;
  }>`
    select m.lift_id, m.max_type, m.version, m.value, m.unit
    from lift_maxes f
    cross join lateral (
      select * from lift_maxes v
      where account_id = ${tx.accountId} and user_id = f.user_id and lift_id = f.lift_id and max_type = f.max_type
        and sequence < ${sequence} and not exists (
          select from progression_logs l
          where l.account_id = ${tx.accountId} and l.user_id = v.user_id and l.lift_id = v.lift_id
            and l.max_type = v.max_type and l.lift_max_version = v.version and l.session_id = ${sessionId} and l.trigger_key > ''
        )
      order by version desc limit 1
    ) m
    where f.account_id = ${tx.accountId} and f.user_id = ${userId} and f.version = 1`.execute(tx.sql);
  return new Map(
    rows.map((row) => [
      maxKey(row.lift_id, row.max_type),
      { value: new Decimal(row.value), unit: row.unit, version: row.version },
    ]),
  );
}

/**
 * Of each stage rule, by ruleKey: what the latest earlier application, or a stage that was set since, left; else what the
 * next application found. Absent: the first stage.
 */
export async function loadStagesBefore(
  tx: Transaction,
  { userId, sessionId, sequence }: SessionStart,
): Promise<Map<string, number>> {
  const { rows } = await sql<{ lift_id: string; progression_id: string; stage: number }>`
    select distinct on (lift_id, progression_id) lift_id, progression_id, stage
    from (
      select l.lift_id, l.progression_id, m.sequence, l.stage_after as after, l.stage_before as before,
        m.sequence < ${sequence} and l.session_id is distinct from ${sessionId} as is_earlier
      from progression_logs l
      join lift_maxes m on m.account_id = ${tx.accountId} and m.user_id = l.user_id and m.lift_id = l.lift_id
        and m.max_type = l.max_type and m.version = l.lift_max_version
      where l.account_id = ${tx.accountId} and l.user_id = ${userId}
        and (l.stage_before is not null or l.stage_after is not null)
      union all
      select lift_id, progression_id, base_sequence, base_stage, null, true
      from progression_states
      where account_id = ${tx.accountId} and user_id = ${userId} and base_sequence < ${sequence}
    ) s
    cross join lateral (select case when is_earlier then after else before end as stage) at
    where stage is not null
    order by lift_id, progression_id, is_earlier desc, case when is_earlier then -sequence else sequence end`.execute(
    tx.sql,
  );
  return new Map(rows.map((row) => [ruleKey(row.lift_id, row.progression_id), row.stage]));
}
