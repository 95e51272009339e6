/** Inserts many active triggers into the tables of the benchmark's account. */
import { sql } from 'kysely';
import { bumpRevision } from '../src/automation/configuration/etag.ts';
import type { Database } from '../src/store/database.ts';
import { ACCOUNT_ID } from './fixture.ts';

/** The common properties of a set of triggers. */
export interface TriggerSet {
  readonly event: string;
  readonly count: number;
  /** The stored filter of the n-th, from 1. */
  filterOf(n: number): unknown;
}

/** A filter with these conditions, all of which must hold. */
export function allOf(...conditions: readonly unknown[]): unknown {
  return { logic: 'AND', not: false, conditions, groups: [] };
}

/** Each in an ACTIVE workflow of its own that adds a tag; athletes are enrolled each time. */
export async function addTriggers(database: Database, { event, count, filterOf }: TriggerSet): Promise<void> {
  const filters = Array.from({ length: count }, (_, index) => JSON.stringify(filterOf(index + 1)));
  const actions = JSON.stringify([{ addTag: { tag: 'benched' } }]);
  const settings = JSON.stringify({ policy: 'ENROLLMENT_POLICY_MULTIPLE' });
  await database.transaction(ACCOUNT_ID, async (tx) => {
    const revision = String(await bumpRevision(tx));
    await sql`
      with made as (
        select gen_random_uuid() as workflow_id, gen_random_uuid() as trigger_id, filter
        from unnest(${filters}::jsonb[]) as f(filter)
      ), workflow as (
        insert into workflows (account_id, id, name, status, actions, version, created_by)
        select ${ACCOUNT_ID}::uuid, workflow_id, 'Bench', 'ACTIVE', ${actions}::jsonb, 1, 'bench' from made
      ), workflow_version as (
        insert into workflow_versions
          (account_id, workflow_id, version, name, description, status, actions, action, actor)
        select ${ACCOUNT_ID}::uuid, workflow_id, 1, 'Bench', '', 'ACTIVE', ${actions}::jsonb, 'CreateWorkflow', 'bench'
        from made
      )
      insert into workflow_triggers
        (account_id, id, workflow_id, trigger_type, trigger_event, filters, settings, version, revision, created_by)
      select ${ACCOUNT_ID}::uuid, trigger_id, workflow_id, split_part(${event}, '_', 1), ${event}, filter,
        ${settings}::jsonb, 1, ${revision}::bigint, 'bench'
      from made`.execute(tx.sql);
  });
}

/** Deactivates every trigger of the account. */
export async function stopTriggers(database: Database): Promise<void> {
  await database.transaction(ACCOUNT_ID, async (tx) => {
    const revision = String(await bumpRevision(tx));
    await sql`
      update workflow_triggers set is_active = false, revision = ${revision}::bigint
      where account_id = ${ACCOUNT_ID} and is_active`.execute(tx.sql);
  });
}
