/** Flushed inserts in forms that a Citus cluster runs on the node with the account's rows. */
import type { EntityMetadata, EntityProperty } from '@mikro-orm/core';
import { CompiledQuery } from 'kysely';
import {
  boundColumns,
  ColumnInsertDriver,
  namesOf,
  type Row,
  typeOf,
  unnestOf,
} from './column-insert-driver.ts';

/** Tables with a default that is drawn: a number of `acceptance_sequence`, or at random. */
export const DRAWING: ReadonlySet<string> = new Set([
  'requests',
  'logged_sets',
  'lift_maxes',
  'outbox',
  'enrollments',
  'programs',
  'field_definitions',
  'custom_event_types',
]);

/** Rows of one statement at most; smaller statements have powers of two, so that there are few texts to prepare. */
const MOST_ROWS = 64;

/**
 * Rows are selected from the account's own row, which makes the statement one of a single node. The coordinator draws
 * defaults for rows that are written out as values only.
 */
export class RowInsertDriver extends ColumnInsertDriver {
  protected override insertStatements(
    meta: EntityMetadata,
    columns: readonly EntityProperty[],
    rows: readonly Row[],
  ): CompiledQuery[] {
    return DRAWING.has(meta.tableName)
      ? [...divide(rows)].map((some) => insertValues(meta, columns, some))
      : [insertSelected(meta, columns, rows)];
  }
}

function* divide(rows: readonly Row[]): Generator<readonly Row[]> {
  let size = MOST_ROWS;
  for (let from = 0; from < rows.length; from += size) {
    while (size > rows.length - from) {
      size /= 2;
    }
    yield rows.slice(from, from + size);
  }
}

function insertValues(
  { tableName }: EntityMetadata,
  columns: readonly EntityProperty[],
  rows: readonly Row[],
): CompiledQuery {
  const lists = rows.map((_, row) =>
    columns.map((column, index) => `$${row * columns.length + index + 1}::${typeOf(column)}`).join(', '),
  );
  return CompiledQuery.raw(
    `insert into "${tableName}" (${namesOf(columns)}) values ${lists.map((list) => `(${list})`).join(', ')}`,
    rows.flatMap((row) => columns.map(({ name }) => row[name] ?? null)),
  );
}

/** The rows are of one account: that of their transaction, as row-level security requires. */
function insertSelected(
  { tableName }: EntityMetadata,
  columns: readonly EntityProperty[],
  rows: readonly Row[],
): CompiledQuery {
  const others = columns.filter(({ name }) => name !== 'accountId');
  return CompiledQuery.raw(
    `insert into "${tableName}" (account_id, ${namesOf(others)}) select a.id, r.* from accounts a ` +
      `cross join ${unnestOf(others)} r where a.id = $${others.length + 1}`,
    [...boundColumns(others, rows), rows[0]?.accountId],
  );
}
