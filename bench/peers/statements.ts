/** The seven statements of bench/floor.sql for one reported session, as a service without any of ours would send them. */

/** $1 to $3: account, athlete, session. */
export const STATEMENTS = {
  lock: `select e.id, e.program_id, p.revision
    from users u
    join enrollments e on e.account_id = u.account_id and e.user_id = u.id and e.status = 'ACTIVE'
    join programs p on p.account_id = e.account_id and p.id = e.program_id
    where u.account_id = $1 and u.id = $2
    for no key update of u`,
  ledger: `select 1 from requests
    where account_id = $1 and method = 'HandleSessionComplete' and request_id = $3
    union all
    select 1 from requests
    where account_id = $1 and user_id = $2 and trigger_type = 'AFTER_SESSION' and trigger_key = 'session:' || $3::uuid`,
  apply: `with made as (
      insert into lift_maxes
        (account_id, id, user_id, lift_id, max_type, version, value, source, effective_at, recorded_at)
      select $1, bench_uuid(), $2, l.lift_id, 'TRAINING_MAX', m.version + 1, m.value + 2.5, 'PROGRESSION', now(), now()
      from bench_lifts l
      cross join lateral (
        select version, value from lift_maxes
        where account_id = $1 and user_id = $2 and lift_id = l.lift_id and max_type = 'TRAINING_MAX'
        order by version desc limit 1
      ) m
      returning lift_id, version, value
    )
    insert into progression_logs
      (account_id, id, user_id, progression_id, lift_id, max_type, lift_max_version, previous_value, new_value, delta,
       trigger_type, trigger_key, trigger_context, session_id, applied_at, recorded_at)
    select $1, bench_uuid(), $2, l.progression_id, l.lift_id, 'TRAINING_MAX', m.version, m.value - 2.5, m.value, 2.5,
      'AFTER_SESSION', 'session:' || $3::uuid,
      jsonb_build_object('sessionId', $3::uuid, 'daySlug', 'a', 'weekNumber', 1), $3, now(), now()
    from made m join bench_lifts l on l.lift_id = m.lift_id`,
  outbox: `insert into outbox (account_id, id, user_id, facts, occurred_at, recorded_at)
    select $1, bench_uuid(), $2, facts, now(), now() from bench_sizes`,
  record: `insert into requests
      (account_id, method, request_id, fingerprint, response, user_id, trigger_type, trigger_key, occurred_at)
    select $1, 'HandleSessionComplete', $3, fingerprint, response, $2, 'AFTER_SESSION', 'session:' || $3::uuid, now()
    from bench_sizes`,
} as const;
