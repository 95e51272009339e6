/** Rows that are only ever inserted are written by the flush of their transaction, or not at all. */

import { sql } from 'kysely';
import { v4 as uuidv4 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rollback, type Transaction } from '../../src/store/database.ts';
import { AuditEntryEntity } from '../../src/store/entities/audit-entry.ts';
import { insertOnly } from '../../src/store/insert-only.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { openWatchedDatabase, type WatchedDatabase } from '../support/watched-statements.ts';

const db = useTestDatabase();
let watched: WatchedDatabase;
beforeAll(() => {
  watched = openWatchedDatabase(db);
});
afterAll(() => watched.database.close());

const BEFORE = { value: '100', note: 'a "quoted" text' };

async function createAccount(): Promise<string> {
  const accountId = uuidv4();
  await watched.database.ensureAccount(accountId);
  return accountId;
}

function add(tx: Transaction, reason: string): void {
  insertOnly(tx, AuditEntryEntity, {
    ...{ accountId: tx.accountId, id: uuidv4(), action: 'SetLiftMax', actor: 'coach', recordedAt: 1n },
    ...{ targetType: 'lift_max', targetId: uuidv4(), userId: null, reason, before: BEFORE, after: null },
  });
}

async function reasonsIn(tx: Transaction): Promise<string[]> {
  const { rows } = await sql<{ reason: string }>`select reason from audit_log order by reason`.execute(
    tx.sql,
  );
  return rows.map(({ reason }) => reason);
}

const reasonsOf = (accountId: string) => watched.database.transaction(accountId, reasonsIn);

test('the rows of a table are inserted by one statement, with the values that the entity converts', async () => {
  const accountId = await createAccount();
  watched.taken();
  await watched.database.transaction(accountId, async (tx) => {
    add(tx, 'first');
    add(tx, 'second');
  });

  expect(watched.taken().filter((text) => text.includes('audit_log'))).toHaveLength(1);
  const rows = await watched.database.transaction(accountId, ({ em }) =>
    em.find(AuditEntryEntity, { accountId }, { orderBy: { reason: 'asc' } }),
  );
  expect(rows).toMatchObject([
    { reason: 'first', before: BEFORE, after: null, userId: null, recordedAt: 1n },
    { reason: 'second', before: BEFORE },
  ]);
});

test('a flush within the transaction writes what was added before it, once', async () => {
  const accountId = await createAccount();
  await watched.database.transaction(accountId, async (tx) => {
    add(tx, 'first');
    expect(await reasonsIn(tx)).toEqual([]);
    await tx.em.flush();
    expect(await reasonsIn(tx)).toEqual(['first']);
    add(tx, 'second');
  });
  expect(await reasonsOf(accountId)).toEqual(['first', 'second']);
});

test('a transaction that is rolled back writes nothing', async () => {
  const accountId = await createAccount();
  await watched.database.transaction(accountId, async (tx) => {
    add(tx, 'first');
    throw new Rollback(undefined);
  });
  expect(await reasonsOf(accountId)).toEqual([]);
});

test('a row that the database refuses fails its transaction', async () => {
  const accountId = await createAccount();
  const failed = watched.database.transaction(accountId, async (tx) => {
    add(tx, 'first');
    insertOnly(tx, AuditEntryEntity, {
      ...{ accountId: uuidv4(), id: uuidv4(), action: 'SetLiftMax', actor: 'coach', recordedAt: 1n },
      ...{ targetType: 'lift_max', targetId: uuidv4(), userId: null, reason: '', before: null, after: null },
    });
  });
  await expect(failed).rejects.toThrow(/row-level security/);
  expect(await reasonsOf(accountId)).toEqual([]);
});
