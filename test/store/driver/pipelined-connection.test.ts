/** Prepared statements: kept by the connection, unless PREPARED_STATEMENTS is off. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();

test.each([
  [true, ['select $1::int as one']],
  [false, []],
])('when preparing is %s, a connection keeps %j', async (preparedStatements, kept) => {
  const database = db.open({ connections: 1, preparedStatements });

  const statements = await database.transaction('', async (tx) => {
    await sql`select ${1}::int as one`.execute(tx.sql);
    const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(
      tx.sql,
    );
    return rows.map(({ statement }) => statement);
  });

  expect(statements.filter((text) => text.includes('as one'))).toEqual(kept);
});
