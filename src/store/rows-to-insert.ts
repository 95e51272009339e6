/**
 * Rows that an `insert` takes from arrays, in a form that a Citus cluster runs on the node with the account's rows: it
 * sends rows that it cannot place by the statement alone through the coordinator, which row-level security refuses.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Transaction } from './database.ts';

/** A column: its type, and the value of each row or one for all. */
export type ColumnOfRows = readonly [
  type: 'uuid' | 'text' | 'bytea' | 'jsonb' | 'timestamptz',
  values: readonly unknown[] | string,
];

/**
 * What follows `insert into t (account_id, …)`, for a table whose default draws from the sequence of acceptance: numbers
 * follow the order of the rows. On a cluster the coordinator draws them, for rows that are written out as values only.
 */
export function numberedRows(
  { accountId, isDistributed }: Transaction,
  columns: readonly ColumnOfRows[],
): RawBuilder<unknown> {
  const lists = columns.filter((column): column is [ColumnOfRows[0], unknown[]] => Array.isArray(column[1]));
  if (isDistributed) {
    const count = lists[0]?.[1].length ?? 0;
    const rows = Array.from({ length: count }, (_, row) => {
      const values = columns.map(
        ([type, value]) => sql`${Array.isArray(value) ? value[row] : value}::${sql.raw(type)}`,
      );
      return sql`(${accountId}, ${sql.join(values)})`;
    });
    return sql`values ${sql.join(rows)}`;
  }
  const names = lists.map((_, index) => sql.ref(`c${index}`));
  const arrays = lists.map(([type, values]) => sql`${values}::${sql.raw(type)}[]`);
  const selected = columns.map((column) => {
    const at = lists.indexOf(column as [ColumnOfRows[0], unknown[]]);
    return at < 0 ? sql`${column[1]}::${sql.raw(column[0])}` : (names[at] as RawBuilder<unknown>);
  });
  return sql`
    select ${accountId}::uuid, ${sql.join(selected)}
    from unnest(${sql.join(arrays)}) with ordinality as r(${sql.join([...names, sql.ref('place')])})
    order by place`;
}
