/** The schema as text, from the catalogue: the same on every PostgreSQL that we support. */
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../src/store/database.ts';

/** Where the migrator keeps its books; its names are not ours. */
const MIGRATOR_TABLE = 'mikro_orm_migrations';

/** Tables with columns, constraints and indexes; domains; sequences: sorted, a line for each. */
export async function dumpSchema(database: Database): Promise<string> {
  const [tables, domains, sequences] = await Promise.all([
    readRows<{ oid: number; name: string; options: string[] | null }>(
      database,
      sql`select oid::int, relname as name, reloptions as options from pg_class
          where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> ${MIGRATOR_TABLE}
          order by relname`,
    ),
    readRows<{ line: string }>(
      database,
      sql`select format('domain %s %s constraint %s %s', t.typname, format_type(t.typbasetype, t.typtypmod),
            c.conname, pg_get_constraintdef(c.oid)) as line
          from pg_type t join pg_constraint c on c.contypid = t.oid
          where t.typnamespace = 'public'::regnamespace order by t.typname, c.conname`,
    ),
    readRows<{ line: string }>(
      database,
      sql`select format('sequence %s %s', sequencename, data_type) as line from pg_sequences
          where schemaname = 'public' and sequencename not like ${`${MIGRATOR_TABLE}%`} order by sequencename`,
    ),
  ]);
  const blocks = [...domains, ...sequences].map(({ line }) => `${line}\n`);
  for (const table of tables) {
    const options = table.options ? ` with (${table.options.join(', ')})` : '';
    const lines = [...(await columnsOf(database, table.oid)), ...(await rulesOf(database, table.oid))];
    blocks.push(`table ${table.name}${options}\n${lines.map((line) => `  ${line}\n`).join('')}`);
  }
  return blocks.join('\n');
}

/** Rows of a catalogue query, which concern no account. */
export async function readRows<T>(database: Database, query: RawBuilder<unknown>): Promise<T[]> {
  const { rows } = await query.execute(database.orm.em.fork().getKysely());
  return rows as T[];
}

async function columnsOf(database: Database, table: number): Promise<string[]> {
  const columns = await readRows<{
    name: string;
    type: string;
    required: boolean;
    made: string;
    value: string | null;
  }>(
    database,
    sql`select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
          a.attgenerated as made, pg_get_expr(d.adbin, d.adrelid) as value
        from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = ${table} and a.attnum > 0 and not a.attisdropped order by a.attnum`,
  );
  return columns.map(({ name, type, required, made, value }) => {
    const origin = value === null ? '' : made === 's' ? ` generated as ${value} stored` : ` default ${value}`;
    return `${name} ${type}${required ? ' not null' : ''}${origin}`;
  });
}

/** Not-null constraints have names of their own from PostgreSQL 18 on; the columns say as much. */
async function rulesOf(database: Database, table: number): Promise<string[]> {
  const lines = await readRows<{ line: string }>(
    database,
    sql`(select format('constraint %s %s', conname, pg_get_constraintdef(oid)) as line from pg_constraint
         where conrelid = ${table} and contype <> 'n' order by conname)
        union all
        (select pg_get_indexdef(indexrelid) from pg_index i join pg_class c on c.oid = i.indexrelid
         where indrelid = ${table} and not exists (select from pg_constraint where conindid = indexrelid and conrelid = ${table})
         order by relname)`,
  );
  return lines.map(({ line }) => line);
}
