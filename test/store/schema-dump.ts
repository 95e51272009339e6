/** The schema as text, from the catalogue: the same on every supported PostgreSQL. */
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../src/store/database.ts';

/** The migrator's own tables, whose names it chooses. */
const MIGRATOR_TABLE = 'mikro_orm_migrations';

interface TableRow {
  readonly oid: number;
  readonly name: string;
  readonly options: string[] | null;
  readonly is_secured: boolean;
  readonly is_forced: boolean;
}

/** Tables with columns, constraints, indexes, policies and grants; domains; sequences: sorted, a line for each. */
export async function dumpSchema(database: Database): Promise<string> {
  const [tables, domains, sequences] = await Promise.all([
    readRows<TableRow>(
      database,
      sql`select oid::int, relname as name, reloptions as options,
            relrowsecurity as is_secured, relforcerowsecurity as is_forced from pg_class
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
      sql`select format('sequence %s %s', c.relname, s.seqtypid::regtype)
            || (select coalesce(string_agg(format(E'\n  grant %s to %s', lower(privilege_type), grantee::regrole),
                  '' order by privilege_type), '') from aclexplode(c.relacl) where grantee <> c.relowner) as line
          from pg_sequence s join pg_class c on c.oid = s.seqrelid
          where c.relnamespace = 'public'::regnamespace and c.relname not like ${`${MIGRATOR_TABLE}%`}
          order by c.relname`,
    ),
  ]);
  const blocks = [...domains, ...sequences].map(({ line }) => `${line}\n`);
  for (const table of tables) {
    const options = table.options ? ` with (${table.options.join(', ')})` : '';
    const lines = [
      ...(await columnsOf(database, table.oid)),
      ...(await rulesOf(database, table.oid)),
      ...(await accessTo(database, table)),
    ];
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

/** Row-level security with its policies, and what roles other than the owner may do. */
async function accessTo(database: Database, table: TableRow): Promise<string[]> {
  const lines = await readRows<{ line: string }>(
    database,
    sql`(select format('%spolicy %s for %s using %s check %s', case when polpermissive then '' else 'restrictive ' end, polname, polcmd, pg_get_expr(polqual, polrelid),
           pg_get_expr(polwithcheck, polrelid)) as line
         from pg_policy where polrelid = ${table.oid} order by polname)
        union all
        (select format('grant %s to %s', string_agg(lower(a.privilege_type) || column_list, ', '
             order by a.privilege_type), a.grantee::regrole)
         from (select grantee, privilege_type, '' as column_list from pg_class c, aclexplode(c.relacl)
               where c.oid = ${table.oid} and grantee <> c.relowner
               union all
               select grantee, privilege_type, format(' (%s)', string_agg(attname, ', ' order by attname))
               from pg_attribute, aclexplode(attacl) where attrelid = ${table.oid}
               group by grantee, privilege_type) a
         group by a.grantee order by 1)`,
  );
  const security = [
    ...(table.is_secured ? ['row-level security'] : []),
    ...(table.is_forced ? ['row-level security for the owner too'] : []),
  ];
  return [...security, ...lines.map(({ line }) => line)];
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
