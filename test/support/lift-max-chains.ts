/** Checks the invariant of lift maxes and their log over all rows. */
import { sql } from 'kysely';
import type { Database } from '../../src/store/database.ts';
import { readRows } from '../store/schema-dump.ts';

/**
 * Violations, as texts: versions that do not count 1, 2, 3 …; log rows that do not lead from one version to the
 * next; versions without the log row that made them; current maxes that are not the start plus all deltas.
 */
export async function findBrokenChains(database: Database): Promise<string[]> {
  const rows = await readRows<{ wrong: string }>(
    database,
    sql`
    with chain as (
      select m.*, lag(value) over versions as before, row_number() over versions as place
      from lift_maxes m
      window versions as (partition by account_id, user_id, lift_id, max_type order by version)
    ),
    logged as (
      select c.*, l.id as log_id, l.previous_value, l.new_value, l.delta
      from chain c
      left join progression_logs l on l.account_id = c.account_id and l.user_id = c.user_id
        and l.lift_id = c.lift_id and l.max_type = c.max_type and l.lift_max_version = c.version
    )
    select format('version %s stands at place %s', version, place) as wrong from chain where version <> place
    union all
    select format('log %s leads from %s to %s, not from %s to %s', log_id, previous_value, new_value, before, value)
    from logged where log_id is not null and (previous_value is distinct from before or new_value <> value)
    union all
    select format('version %s by %s has %s log rows', version, source, count(log_id))
    from logged group by account_id, user_id, lift_id, max_type, version, source
    having count(log_id) <> case source when 'MANUAL' then 0 else 1 end
    union all
    select format('%s %s %s is %s, not %s', user_id, lift_id, max_type, max(value) filter (where is_current), sum(step))
    from (
      select user_id, lift_id, max_type, value, coalesce(delta, value - coalesce(before, 0)) as step,
        version = max(version) over (partition by user_id, lift_id, max_type) as is_current
      from logged
    ) steps
    group by user_id, lift_id, max_type
    having max(value) filter (where is_current) <> sum(step)`,
  );
  return rows.map(({ wrong }) => wrong);
}
