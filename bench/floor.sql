-- One finished session with three lifts in hand-written SQL: one transaction, seven prepared
-- statements, the same rows in the same tables as HandleSessionComplete. Run by pgbench -M prepared.
\set user random(1, :users)
\set event random(1, 9223372036854775806)
begin;
select e.id, e.program_id, p.revision
from users u
join enrollments e on e.account_id = u.account_id and e.user_id = u.id and e.status = 'ACTIVE'
join programs p on p.account_id = e.account_id and p.id = e.program_id
where u.account_id = bench_account() and u.id = bench_user(:user::int)
for no key update of u;
select 1 from requests
where account_id = bench_account() and method = 'HandleSessionComplete' and request_id = bench_event(:event::bigint)
union all
select 1 from requests
where account_id = bench_account() and user_id = bench_user(:user::int) and trigger_type = 'AFTER_SESSION'
  and trigger_key = 'session:' || bench_event(:event::bigint);
with made as (
  insert into lift_maxes
    (account_id, id, user_id, lift_id, max_type, version, value, source, effective_at, recorded_at)
  select bench_account(), bench_uuid(), bench_user(:user::int), l.lift_id, 'TRAINING_MAX', m.version + 1,
    m.value + 2.5, 'PROGRESSION', now(), now()
  from bench_lifts l
  cross join lateral (
    select version, value from lift_maxes
    where account_id = bench_account() and user_id = bench_user(:user::int) and lift_id = l.lift_id
      and max_type = 'TRAINING_MAX'
    order by version desc limit 1
  ) m
  returning lift_id, version, value
)
insert into progression_logs
  (account_id, id, user_id, progression_id, lift_id, max_type, lift_max_version, previous_value, new_value, delta,
   trigger_type, trigger_key, trigger_context, session_id, applied_at, recorded_at)
select bench_account(), bench_uuid(), bench_user(:user::int), l.progression_id, l.lift_id, 'TRAINING_MAX', m.version,
  m.value - 2.5, m.value, 2.5, 'AFTER_SESSION', 'session:' || bench_event(:event::bigint),
  jsonb_build_object('sessionId', bench_event(:event::bigint), 'daySlug', 'a', 'weekNumber', 1),
  bench_event(:event::bigint), now(), now()
from made m
join bench_lifts l on l.lift_id = m.lift_id;
insert into outbox (account_id, id, user_id, facts, occurred_at, recorded_at)
select bench_account(), bench_uuid(), bench_user(:user::int), f.facts, now(), now() from bench_sizes f;
insert into requests
  (account_id, method, request_id, fingerprint, response, user_id, trigger_type, trigger_key, occurred_at)
select bench_account(), 'HandleSessionComplete', bench_event(:event::bigint), f.fingerprint, f.response,
  bench_user(:user::int), 'AFTER_SESSION', 'session:' || bench_event(:event::bigint), now() from bench_sizes f;
commit;
