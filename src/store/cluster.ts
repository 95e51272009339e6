/** Whether PostgreSQL is a Citus cluster, and the distribution of the tables over its nodes by account. */
import { type QueryExecutorProvider, sql } from 'kysely';
import { StartError } from '../errors/start-error.ts';
import type { Database } from './database.ts';
import { APPLICATION_ROLE, WORKER_ROLE } from './enter-account.ts';

export interface Cluster {
  /** Whether this server has Citus. */
  readonly exists: boolean;
  /** Transaction numbers, locks and the order of acceptance are those of the coordinator. */
  readonly isCoordinator: boolean;
  /** Whether the tables are distributed. */
  readonly isDistributed: boolean;
}

const NO_CLUSTER: Cluster = { exists: false, isCoordinator: false, isDistributed: false };

export async function readCluster(database: Database): Promise<Cluster> {
  const db = database.orm.em.fork().getKysely();
  const { rows: extensions } = await sql`select from pg_extension where extname = 'citus'`.execute(db);
  if (extensions.length === 0) {
    return NO_CLUSTER;
  }
  const { rows } = await sql<Cluster>`
    select true as exists, groupid = 0 as "isCoordinator",
      exists (select from pg_dist_partition where logicalrelid = to_regclass('accounts')) as "isDistributed"
    from pg_dist_local_group`.execute(db);
  return rows[0] ?? NO_CLUSTER;
}

/**
 * Distributes what is not distributed yet: every table by account, so that the rows of an account are on one node. The
 * roles may log in from then on, because the coordinator connects to the other nodes as them. Returns the tables. Throws
 * StartError without Citus, and on another node than the coordinator.
 */
export async function distribute(owner: Database): Promise<string[]> {
  const { exists, isCoordinator } = await readCluster(owner);
  if (!exists) {
    throw new StartError('the database has no extension citus; create it on every node first');
  }
  if (!isCoordinator) {
    throw new StartError('this node is not the coordinator of the cluster; distribute there');
  }
  const db = owner.orm.em.fork().getKysely();
  for (const role of [APPLICATION_ROLE, WORKER_ROLE]) {
    await sql`alter role ${sql.ref(role)} login`.execute(db);
  }
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(db);
  for (const { name } of rows) {
    await sql`alter database ${sql.ref(name)} set citus.propagate_set_commands = 'local'`.execute(db);
  }
  await replacePolicies(db);
  return distributeTables(db);
}

/** The setting of a transaction that removes old rows on a cluster: what it removes is older. */
export const REMOVES_BEFORE = 'progression.removes_before';
const HORIZON = `nullif(current_setting('${REMOVES_BEFORE}', true), '')::timestamptz`;

/**
 * Which rows may be deleted, in place of policies that read the account's retention policy: Citus refuses subqueries in a
 * policy. A transaction without the setting deletes nothing, as before.
 */
const REMOVABLE: readonly (readonly [table: string, rows: string])[] = [
  ['events', `recorded_at < ${HORIZON}`],
  ['trigger_execution_logs', `kind <> 'TEST' and executed_at < ${HORIZON}`],
  ['workflow_enrollments', `ended_at < ${HORIZON}`],
  ['action_executions', `${HORIZON} is not null`],
  ['audit_log', `recorded_at < ${HORIZON}`],
  ['requests', `user_id is null and recorded_at < ${HORIZON}`],
];

async function replacePolicies(db: QueryExecutorProvider): Promise<void> {
  const { rows: reading } = await sql<{ table: string }>`
    select polrelid::regclass::text as table from pg_policy
    where polname = 'only_what_is_not_kept_goes' and pg_get_expr(polqual, polrelid) like '%retention_policies%'`.execute(
    db,
  );
  const tables = new Set(reading.map(({ table }) => table));
  for (const [table, rows] of REMOVABLE.filter(([each]) => tables.has(each))) {
    await sql`drop policy only_what_is_not_kept_goes on ${sql.ref(table)}`.execute(db);
    await sql`
      create policy only_what_is_not_kept_goes on ${sql.ref(table)} as restrictive for delete
      using (${sql.raw(rows)})`.execute(db);
  }
}

/** In the order of the foreign keys: a table comes after those that it refers to. */
export async function distributeTables(db: QueryExecutorProvider): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    with recursive tables as (
      select c.oid, c.relname::text as name from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and c.relname <> 'mikro_orm_migrations'
    ), places as (
      select oid, name, 0 as place from tables
      union
      select t.oid, t.name, p.place + 1 from places p
      join pg_constraint k on k.contype = 'f' and k.confrelid = p.oid and k.conrelid <> p.oid
      join tables t on t.oid = k.conrelid
    )
    select name from places p
    where not exists (select from pg_dist_partition d where d.logicalrelid = p.oid)
    group by name order by max(place), name`.execute(db);
  const names = rows.map(({ name }) => name);
  for (const name of names) {
    await (name === 'accounts'
      ? sql`select create_distributed_table('accounts', 'id')`
      : sql`select create_distributed_table(${name}, 'account_id', colocate_with => 'accounts')`
    ).execute(db);
  }
  return names;
}
