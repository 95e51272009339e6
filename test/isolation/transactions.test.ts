/** The rows that a transaction can read and write without an account, with one, and after a transaction with one. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database, Transaction } from '../../src/store/database.ts';
import { readRows } from '../store/schema-dump.ts';
import { type Athlete, createAthlete } from '../support/fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';

const db = useTestDatabase();
let mine: Athlete;
let theirs: Athlete;
beforeAll(async () => {
  const fixture = { lifts: { squat: '100' }, rules: [{ type: 'LINEAR_PROGRESSION', parameters: {} }] };
  mine = await createAthlete(db.database, fixture);
  theirs = await createAthlete(db.database, fixture);
});

const TABLES = [
  ...['users', 'lifts', 'programs', 'program_lifts', 'progressions', 'program_progressions', 'enrollments'],
  ...['lift_maxes', 'accounts'],
];

/** The number of rows of each table that a transaction sees without a condition. */
async function visibleRows(tx: Transaction): Promise<Record<string, number>> {
  const counts = TABLES.map(
    (table) => sql`select ${table} as name, count(*)::int as rows from ${sql.table(table)}`,
  );
  const { rows } = await sql<{ name: string; rows: number }>`${sql.join(counts, sql` union all `)}`.execute(
    tx.sql,
  );
  return Object.fromEntries(rows.map((row) => [row.name, row.rows]));
}

const NOTHING = Object.fromEntries(TABLES.map((table) => [table, 0]));
const ONE_OF_EACH = Object.fromEntries(TABLES.map((table) => [table, 1]));

function insertUser(accountId: string) {
  return (tx: Transaction) =>
    sql`insert into users (account_id, id, name) values (${accountId}, ${uuidv7()}, 'forged')`.execute(
      tx.sql,
    );
}

const REFUSED = { code: '42501', message: expect.stringContaining('row-level security policy') };

/** A transaction with the role, but without an account. */
async function withoutAccount<T>(database: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return database.orm.em.fork().transactional(async (em) => {
    const tx = { accountId: '', em, sql: em.getKysely() } as unknown as Transaction;
    await sql`set local role progression_app`.execute(tx.sql);
    return work(tx);
  });
}

describe.each([
  ['that was never told its account', withoutAccount],
  [
    'whose account is empty',
    <T>(database: Database, work: (tx: Transaction) => Promise<T>) => database.transaction('', work),
  ],
])('a transaction %s', (_, begin) => {
  test('sees nothing', async () => {
    expect(await begin(db.open(), visibleRows)).toEqual(NOTHING);
  });

  test('can neither add nor change a row', async () => {
    await expect(begin(db.database, insertUser(mine.accountId))).rejects.toMatchObject(REFUSED);
    const changed = await begin(db.database, (tx) => sql`update users set name = 'forged'`.execute(tx.sql));
    expect(changed.numAffectedRows).toBe(0n);
  });

  test('sees nothing either on a connection that had an account before', async () => {
    const one = db.open({ connections: 1 });
    expect(await one.transaction(mine.accountId, visibleRows)).toEqual(ONE_OF_EACH);

    expect(await begin(one, visibleRows)).toEqual(NOTHING);
  });
});

describe('a transaction of an account', () => {
  test('sees only the rows of that account, whatever its query says', async () => {
    for (const athlete of [mine, theirs]) {
      expect(await db.database.transaction(athlete.accountId, visibleRows)).toEqual(ONE_OF_EACH);
    }
  });

  test('can neither add a row to another account, move one there, change one nor remove one', async () => {
    const run = (statement: ReturnType<typeof sql>) =>
      db.database.transaction(mine.accountId, (tx) => statement.execute(tx.sql));

    await expect(db.database.transaction(mine.accountId, insertUser(theirs.accountId))).rejects.toMatchObject(
      REFUSED,
    );
    await expect(run(sql`update users set account_id = ${theirs.accountId}`)).rejects.toMatchObject(REFUSED);
    const changes = [
      sql`update users set name = 'forged' where account_id = ${theirs.accountId}`,
      sql`delete from program_progressions where account_id = ${theirs.accountId}`,
      sql`delete from outbox where account_id <> ${mine.accountId}`,
    ];
    for (const change of changes) {
      expect((await run(change)).numAffectedRows).toBe(0n);
    }
    await expect(
      run(sql`select id from users where id = ${theirs.userId} for update`).then(({ rows }) => rows),
    ).resolves.toEqual([]);
  });

  test('cannot change append-only rows', async () => {
    const forbidden = [
      sql`update audit_log set actor = 'nobody'`,
      sql`update lift_maxes set value = 1`,
      sql`delete from lift_maxes`,
      sql`update progression_logs set delta = 1`,
      sql`delete from progression_logs`,
      sql`update requests set method = ''`,
      sql`truncate users`,
      sql`alter table users disable row level security`,
      sql`select setval('acceptance_sequence', 1)`,
    ];
    for (const statement of forbidden) {
      const work = db.database.transaction(mine.accountId, (tx) => statement.execute(tx.sql));
      await expect(work).rejects.toMatchObject({ code: '42501' });
    }
  });

  test.each([
    ['commits', async () => undefined],
    ['is rolled back', () => Promise.reject(new Error('given up'))],
    ['is aborted by the server', (tx: Transaction) => sql`select 1 / 0`.execute(tx.sql)],
  ])('that %s leaves neither role nor account nor time limit on its connection', async (_, work) => {
    const one = db.open({ connections: 1 });
    const settings = sql`select current_user = session_user as is_itself, current_setting('statement_timeout') as timeout,
      nullif(current_setting('progression.account_id', true), '') as account`;
    const before = await readRows(one, settings);

    await one
      .transaction(mine.accountId, work, { deadlineAtMs: performance.now() + 60_000, lockWaitMs: 5_000 })
      .catch(() => undefined);

    expect(await readRows(one, settings)).toEqual(before);
    expect(before).toMatchObject([{ is_itself: true, account: null }]);
  });
});
