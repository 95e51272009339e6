/** Rows of closed months as lines of CSV, with what proves that a file has all of them. */
import { type RawBuilder, sql } from 'kysely';
import type { Transaction } from '../store/database.ts';

/** A table whose rows accounts may cease to keep, and the time by which its rows are filed. */
export interface ArchivedTable {
  readonly name: string;
  /** What the rows `t` are read from. */
  readonly source: RawBuilder<unknown>;
  readonly at: RawBuilder<unknown>;
  readonly order: RawBuilder<unknown>;
}

/** A run is filed when it has ended, with its steps. */
export const ARCHIVED_TABLES: readonly ArchivedTable[] = [
  byTime('events', 'recorded_at', sql`t.sequence, t.position`),
  byTime('trigger_execution_logs', 'executed_at', sql`t.id`),
  byTime('workflow_enrollments', 'ended_at', sql`t.id`),
  {
    name: 'action_executions',
    source: sql`action_executions t
      join workflow_enrollments r on r.account_id = t.account_id and r.id = t.enrollment_id`,
    at: sql`r.ended_at`,
    order: sql`t.enrollment_id, t.step`,
  },
  byTime('audit_log', 'recorded_at', sql`t.id`),
];

function byTime(name: string, column: string, order: RawBuilder<unknown>): ArchivedTable {
  return { name, source: sql`${sql.table(name)} t`, at: sql.ref(`t.${column}`), order };
}

/** How many rows there are, and the sum of 60 bits of each line's SHA-256: the same in whatever order they are read. */
export interface RowCount {
  readonly rows: number;
  readonly digest: string;
}

export interface MonthCount extends RowCount {
  /** `YYYY-MM`, in UTC. */
  readonly month: string;
}

/** Reads the rows of one account. */
export interface AccountRows {
  /** The names of the columns. */
  readonly header: string;
  /** The months with rows from before the time. */
  countMonths(before: string): Promise<MonthCount[]>;
  countMonth(month: string): Promise<RowCount>;
  /** The lines of one month, `pageRows` at a time, as of one moment. */
  read(month: string, pageRows: number): AsyncGenerator<readonly string[]>;
}

/** Every value but null is quoted, so that null and the empty text differ, as in PostgreSQL's `\copy … csv`. */
export async function openAccountRows(tx: Transaction, table: ArchivedTable): Promise<AccountRows> {
  const { accountId, sql: db } = tx;
  await sql`set local timezone = 'UTC'`.execute(db);
  await sql`set local datestyle = 'ISO'`.execute(db);
  const { rows: columns } = await sql<{ name: string }>`
    select attname as name from pg_attribute
    where attrelid = ${table.name}::regclass and attnum > 0 and not attisdropped
    order by attnum`.execute(db);
  const values = columns.map(
    ({ name }) => sql`coalesce('"' || replace(${sql.ref(`t.${name}`)}::text, '"', '""') || '"', '')`,
  );
  const line = sql`concat_ws(',', ${sql.join(values)})`;
  const isIn = (month: string) => sql`${table.at} >= ${sql.lit(`${month}-01`)}::timestamptz
    and ${table.at} < ${sql.lit(`${month}-01`)}::timestamptz + interval '1 month'`;
  const count = async (condition: RawBuilder<unknown>) => {
    const { rows } = await sql<MonthCount>`
      select to_char(at, 'YYYY-MM') as month, count(*)::int as rows,
        sum(('x' || left(encode(sha256(convert_to(line, 'UTF8')), 'hex'), 15))::bit(60)::bigint)::text as digest
      from (
        select ${table.at} as at, ${line} as line from ${table.source}
        where t.account_id = ${accountId} and ${condition}
      ) filed
      group by 1 order by 1`.execute(db);
    return rows;
  };
  return {
    header: columns.map(({ name }) => name).join(','),
    countMonths: (before) => count(sql`${table.at} < ${before}::timestamptz`),
    countMonth: async (month) => (await count(isIn(month)))[0] ?? { rows: 0, digest: '0' },
    async *read(month, pageRows) {
      await sql`
        declare archived no scroll cursor for
        select ${line} as line from ${table.source}
        where t.account_id = ${sql.lit(accountId)} and ${isIn(month)}
        order by ${table.at}, ${table.order}`.execute(db);
      for (;;) {
        const { rows } = await sql<{ line: string }>`fetch ${sql.lit(pageRows)} from archived`.execute(db);
        if (rows.length === 0) {
          break;
        }
        yield rows.map((row) => row.line);
      }
      await sql`close archived`.execute(db);
    },
  };
}
