/** The content of the tables, to compare before and after. */
import { sql } from 'kysely';
import type { Database } from '../../src/store/database.ts';
import { readRows } from '../store/schema-dump.ts';

/** Every row of every table with rows, by table. */
export type TableDump = Readonly<Record<string, readonly unknown[]>>;

export async function dumpTables(database: Database): Promise<TableDump> {
  const tables = await readRows<{ name: string }>(
    database,
    sql`select relname as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'r' and relname not like 'mikro_orm%'
        order by relname`,
  );
  const dumps = tables.map(
    ({ name }) => sql`
      select ${name} as name, jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text) as rows from ${sql.table(name)} t`,
  );
  const filled = await readRows<{ name: string; rows: unknown[] | null }>(
    database,
    sql.join(dumps, sql` union all `),
  );
  return Object.fromEntries(filled.flatMap(({ name, rows }) => (rows ? [[name, rows]] : [])));
}

/** The change of the number of rows of each table from `before` to `after`, where it changed. */
export function rowsAdded(before: TableDump, after: TableDump): Record<string, number> {
  const tables = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const differences = tables.map((table) => {
    return [table, (after[table]?.length ?? 0) - (before[table]?.length ?? 0)] as const;
  });
  return Object.fromEntries(differences.filter(([, difference]) => difference !== 0));
}

/** The rows of one account in a table, as JSON, in order of their ids. */
export async function rowsOf<T = Record<string, unknown>>(
  database: Database,
  accountId: string,
  table:
    | 'audit_log'
    | 'enrollment_overrides'
    | 'equipment'
    | 'outbox'
    | 'progression_logs'
    | 'requests'
    | 'set_corrections',
): Promise<T[]> {
  const order = sql.ref(table === 'requests' ? 'sequence' : 'id');
  const rows = await readRows<{ row: T }>(
    database,
    sql`select to_jsonb(t) as row from ${sql.table(table)} t where account_id = ${accountId} order by ${order}`,
  );
  return rows.map(({ row }) => row);
}
