/**
 * The part `training` of athletes' documents, as one SQL expression for both filter engines. It contains only what
 * the given fields read, each by an index of the athlete.
 */
import { type RawBuilder, sql } from 'kysely';
import type { FilterField, JsonObject } from '../../filters/filter.ts';
import { LIFT_MEASURES, type LiftMeasure } from './training-fields.ts';

type Sql = RawBuilder<unknown>;

/** The athlete, and the time that counts as the present; columns or parameters. */
export interface TrainingSubject {
  readonly accountId: Sql;
  readonly userId: Sql;
  readonly at: Sql;
}

/** An object with the values of the fields; a value that does not exist is null or missing. */
export function trainingSql(
  fields: readonly FilterField[],
  subject: TrainingSubject,
): RawBuilder<JsonObject> {
  const names = new Set(fields.map(({ path }) => path[1]));
  const parts = [
    ...(ENROLLMENT_FIELDS.some((name) => names.has(name)) ? [enrollmentSql(subject)] : []),
    ...(SESSION_FIELDS.some((name) => names.has(name)) ? [sessionsSql(subject)] : []),
    ...LIFT_MEASURES.filter((measure) => names.has(measure)).map((measure) => {
      const slugs = fields.filter(({ path }) => path[1] === measure).map(({ path }) => path[2] ?? '');
      return liftSql(measure, [...new Set(slugs)], subject);
    }),
  ];
  return parts.length === 0 ? sql`'{}'::jsonb` : sql`(${sql.join(parts, sql` || `)})`;
}

const ENROLLMENT_FIELDS = ['program_id', 'program', 'enrollment_status', 'enrollment_days'];
const SESSION_FIELDS = ['last_session_at', 'days_since_session', 'sessions_7_days', 'sessions_28_days'];

function enrollmentSql({ accountId, userId, at }: TrainingSubject): Sql {
  return sql`coalesce((
    select jsonb_build_object('program_id', e.program_id, 'program', p.slug, 'enrollment_status', e.status,
      'enrollment_days', ${wholeDays(at, sql`e.started_at`)})
    from enrollments e join programs p on p.account_id = ${accountId} and p.id = e.program_id
    where e.account_id = ${accountId} and e.user_id = ${userId}
    order by (e.status = 'ACTIVE') desc, e.started_at desc, e.id desc limit 1), '{}')`;
}

function sessionsSql({ accountId, userId, at }: TrainingSubject): Sql {
  const sessions = sql`from requests r where r.account_id = ${accountId} and r.user_id = ${userId}
    and r.trigger_type = 'AFTER_SESSION' and r.occurred_at > '-infinity' and r.occurred_at <= ${at}`;
  const countedIn = (hours: string) =>
    sql`(select count(*) ${sessions} and r.occurred_at > ${at} - ${hours}::interval)`;
  return sql`(select jsonb_build_object(
      'last_session_at', to_char(s.last_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'days_since_session', ${wholeDays(at, sql`s.last_at`)},
      'sessions_7_days', ${countedIn('168 hours')}, 'sessions_28_days', ${countedIn('672 hours')})
    from (select max(r.occurred_at) as last_at ${sessions}) s)`;
}

/** Days of 24 hours, so that the result does not depend on a time zone. */
function wholeDays(at: Sql, since: Sql): Sql {
  return sql`floor(extract(epoch from ${at} - ${since}) / 86400)::int`;
}

/** `{<measure>: {<slug>: <value>}}` of the account's lifts with these slugs. */
function liftSql(measure: LiftMeasure, slugs: readonly string[], subject: TrainingSubject): Sql {
  return sql`jsonb_build_object(${measure}::text, (
    select coalesce(jsonb_object_agg(l.slug, ${LIFT_VALUES[measure](subject)}), '{}') from lifts l
    where l.account_id = ${subject.accountId} and l.slug = any(${slugs}::text[]) and l.deleted_at is null))`;
}

/** The value of a measure for the lift `l`. Decimals are texts, which both engines read exactly. */
const LIFT_VALUES: Readonly<Record<LiftMeasure, (subject: TrainingSubject) => Sql>> = {
  best_e1rm: (subject) =>
    sql`trim_scale(${bestEstimateSql(subject, sql`s.performed_at <= ${subject.at}`)})::text`,
  e1rm_trend: (subject) => {
    const { at } = subject;
    const ago = (hours: string) => sql`${at} - ${hours}::interval`;
    const recent = sql`s.performed_at <= ${at} and s.performed_at > ${ago('672 hours')}`;
    const earlier = sql`s.performed_at <= ${ago('672 hours')} and s.performed_at > ${ago('1344 hours')}`;
    return sql`trim_scale(${bestEstimateSql(subject, recent)} - ${bestEstimateSql(subject, earlier)})::text`;
  },
  estimated_one_rm: (subject) => maxSql('ESTIMATED_ONE_RM', subject),
  failures: ({ accountId, userId }) => sql`(
    select coalesce(max(c.consecutive_failures), 0) from ${rulesOfLift({ accountId, userId })}
    join failure_counters c on c.account_id = ${accountId} and c.user_id = e.user_id and c.lift_id = l.id
      and c.progression_id = p.progression_id)`,
  one_rm: (subject) => maxSql('ONE_RM', subject),
  stage: ({ accountId, userId }) => sql`(
    select max(coalesce(s.stage, 0)) from ${rulesOfLift({ accountId, userId })}
    join progressions r on r.account_id = ${accountId} and r.id = p.progression_id and r.type = 'STAGE_PROGRESSION'
    left join progression_states s on s.account_id = ${accountId} and s.user_id = e.user_id and s.lift_id = l.id
      and s.progression_id = p.progression_id)`,
  training_max: (subject) => maxSql('TRAINING_MAX', subject),
};

function maxSql(maxType: string, { accountId, userId }: TrainingSubject): Sql {
  return sql`(select trim_scale(m.value::numeric)::text from lift_maxes m
    where m.account_id = ${accountId} and m.user_id = ${userId} and m.lift_id = l.id and m.max_type = ${maxType}
    order by m.version desc limit 1)`;
}

/** The ACTIVE enrollment `e` and the rows `p` of its program that apply to the lift `l`. */
function rulesOfLift({ accountId, userId }: Pick<TrainingSubject, 'accountId' | 'userId'>): Sql {
  return sql`(select x.user_id, x.program_id from enrollments x
      where x.account_id = ${accountId} and x.user_id = ${userId} and x.status = 'ACTIVE') e
    join program_lifts w on w.account_id = ${accountId} and w.program_id = e.program_id and w.lift_id = l.id
    join program_progressions p on p.account_id = ${accountId} and p.program_id = e.program_id and p.enabled
      and (p.lift_id is null or p.lift_id = l.id)`;
}

/** To 6 decimal places, as the event personal_record has it. */
function bestEstimateSql({ accountId, userId }: TrainingSubject, during: Sql): Sql {
  return sql`(select round(s.weight * (30 + s.reps_performed) / 30, 6) from logged_sets s
    where s.account_id = ${accountId} and s.user_id = ${userId} and s.lift_id = l.id
      and s.kind in ('WORK', 'AMRAP') and s.reps_performed > 0 and ${during}
    order by s.weight * (30 + s.reps_performed) desc limit 1)`;
}
