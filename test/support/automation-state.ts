/** Reads the rows that a change of the configuration has written. */
import { sql } from 'kysely';
import type { Database } from '../../src/store/database.ts';
import { readRows } from '../store/schema-dump.ts';

/** The facts that the outbox holds of the account's configuration, in order: `trigger_configured v1`. */
export async function configurationFacts(database: Database, accountId: string): Promise<string[]> {
  const rows = await readRows<{ type: string; version: number }>(
    database,
    sql`select f.fact ->> 'type' as type, (f.fact -> 'data' ->> 'version')::int as version
        from outbox o, jsonb_array_elements(o.facts) with ordinality as f (fact, place)
        where o.account_id = ${accountId} and o.user_id is null
        order by o.sequence, f.place`,
  );
  return rows.map(({ type, version }) => `${type} v${version}`);
}

/** The periods in which a trigger was active: `open`, or `closed`. */
export async function activityOf(database: Database, triggerId: string): Promise<string[]> {
  const rows = await readRows<{ state: string }>(
    database,
    sql`select case when ended_at is null then 'open' else 'closed' end as state from trigger_activity
        where trigger_id = ${triggerId} order by began_at`,
  );
  return rows.map(({ state }) => state);
}

/** The revision that a trigger has, as a number. */
export async function revisionOf(database: Database, triggerId: string): Promise<number> {
  const rows = await readRows<{ revision: string }>(
    database,
    sql`select revision from workflow_triggers where id = ${triggerId}`,
  );
  return Number(rows[0]?.revision);
}

/** Whether a trigger has cursors. */
export async function isScheduled(database: Database, triggerId: string): Promise<boolean> {
  const rows = await readRows(database, sql`select from time_cursors where trigger_id = ${triggerId}`);
  return rows.length > 0;
}
