/** MikroORM's PostgreSQL driver, with flushed inserts that bind each column as one array. */
import { type EntityMetadata, type EntityProperty, ReferenceKind } from '@mikro-orm/core';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { CompiledQuery, type QueryExecutorProvider } from 'kysely';
import { sendStatement } from './statements.ts';

type InsertMany = PostgreSqlDriver['nativeInsertMany'];
export type Row = Readonly<Record<string, unknown>>;

/**
 * A flush inserts the new rows of a table in one statement whose text does not depend on their number or values:
 * `insert … select … from unnest($1::uuid[], …)`. PostgreSQL parses and plans a short text instead of every value.
 * The statement is sent and not awaited. Other inserts use MikroORM's own way.
 */
export class ColumnInsertDriver extends PostgreSqlDriver {
  override nativeInsertMany: InsertMany = async (entityName, data, options, transform) => {
    const meta = this.metadata.get(entityName) as unknown as EntityMetadata;
    const rows = data as readonly Row[];
    // The values of a flush have been converted for the database already.
    if (options?.convertCustomTypes !== false || !options.ctx || transform || !isPlain(meta)) {
      return super.nativeInsertMany(entityName, data, options, transform);
    }
    const columns = meta.props.filter(
      ({ name, persist }) => persist !== false && rows.some((row) => name in row),
    );
    for (const statement of this.insertStatements(meta, columns, rows)) {
      await sendStatement(options.ctx as QueryExecutorProvider, statement);
    }
    return { affectedRows: rows.length, insertId: undefined as never };
  };

  /** The statements that insert the rows, in their order. */
  protected insertStatements(
    meta: EntityMetadata,
    columns: readonly EntityProperty[],
    rows: readonly Row[],
  ): CompiledQuery[] {
    const text = `insert into "${meta.tableName}" (${namesOf(columns)}) select * from ${unnestOf(columns)}`;
    return [CompiledQuery.raw(text, boundColumns(columns, rows))];
  }
}

/** Keys are given by the application, every column is one value, and the database computes none of them. */
function isPlain(meta: EntityMetadata): boolean {
  return meta.props.every(
    ({ kind, fieldNames, autoincrement, generated }) =>
      kind === ReferenceKind.SCALAR && fieldNames.length === 1 && !autoincrement && !generated,
  );
}

export function namesOf(columns: readonly EntityProperty[]): string {
  return columns.map(({ fieldNames }) => `"${fieldNames[0]}"`).join(', ');
}

/** The rows whose columns are bound as the first parameters, by `boundColumns`. */
export function unnestOf(columns: readonly EntityProperty[]): string {
  return `unnest(${columns.map((column, index) => arrayOf(typeOf(column), `$${index + 1}`)).join(', ')})`;
}

export function boundColumns(columns: readonly EntityProperty[], rows: readonly Row[]): unknown[] {
  return columns.map((column) =>
    boundColumn(
      typeOf(column),
      rows.map((row) => row[column.name] ?? null),
    ),
  );
}

export function typeOf({ columnTypes }: EntityProperty): string {
  return columnTypes[0] ?? 'text';
}

/** Characters that JSON always escapes, so that no JSON text contains them. */
const BETWEEN_JSON = '\u001f';
const NO_JSON = '\u001e';

/** Avoids the text form of an array, in which each quote of a JSON text would be escaped and parsed again. */
function arrayOf(type: string, parameter: string): string {
  return type === 'jsonb'
    ? `string_to_array(${parameter}, chr(31), chr(30))::jsonb[]`
    : `${parameter}::${type}[]`;
}

/** Types whose texts need no quotes in the text form of an array. */
const NEVER_QUOTED = /^(?:uuid|int|numeric\(.*\)|timestamptz)$/;

function boundColumn(type: string, values: readonly unknown[]): unknown {
  if (type === 'jsonb') {
    return values.map((value) => value ?? NO_JSON).join(BETWEEN_JSON);
  }
  return NEVER_QUOTED.test(type) ? `{${values.map((value) => value ?? 'null').join(',')}}` : values;
}
