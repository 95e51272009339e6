/** Values that a flush inserts column by column are stored unchanged, with any content. */
import { sql } from 'kysely';
import { v4 as uuidv4 } from 'uuid';
import { beforeAll, expect, test } from 'vitest';
import type { Database } from '../../../src/store/database.ts';
import { AuditEntryEntity } from '../../../src/store/entities/audit-entry.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let database: Database;
beforeAll(async () => {
  database = db.open({ connections: 1 });
});

interface Written {
  readonly reason: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
}

/** Written in one flush, and read back in the same order. */
async function writeAndRead(entries: readonly Written[]): Promise<Written[]> {
  const accountId = uuidv4();
  await database.ensureAccount(accountId);
  const ids = entries.map(() => uuidv4());
  await database.transaction(accountId, async ({ em }) => {
    for (const [index, entry] of entries.entries()) {
      em.create(AuditEntryEntity, {
        ...{ accountId, id: ids[index] ?? '', action: 'SetLiftMax', actor: 'coach', recordedAt: 0n },
        ...{ targetType: 'lift_max', targetId: uuidv4(), userId: null, ...entry },
      });
    }
  });
  return database.transaction(accountId, async (tx) => {
    const { rows } = await sql<Written & { id: string }>`
      select id, reason, before, after from audit_log`.execute(tx.sql);
    return ids.map((id) => {
      const { reason, before, after } = rows.find((row) => row.id === id) ?? {};
      return { reason, before, after } as Written;
    });
  });
}

test('documents and their absence, in any order', async () => {
  const entries = [
    { reason: 'a', before: null, after: { value: '100' } },
    { reason: 'b', before: { value: '100' }, after: null },
    { reason: 'c', before: null, after: null },
    { reason: 'd', before: {}, after: { nothing: null, list: [], nested: { list: [1, 'two', null] } } },
  ];
  expect(await writeAndRead(entries)).toEqual(entries);
});

test.each([
  ['quotes', '"quoted" and \'quoted\''],
  ['backslashes', 'C:\\max\\, \\" and \\\\'],
  ['what an array is written with', '{a,b}, NULL'],
  ['line ends', 'one\ntwo\r\n\tthree'],
  ['the characters that are put between documents', 'unit \u001f record \u001e file \u001c'],
  ['letters beyond ASCII', 'Kniebeuge für Søren, 深蹲, 🏋️'],
  ['nothing', ''],
])('%s, in texts and in documents', async (_, text) => {
  const entry = { reason: text, before: { [`key ${text}`]: text }, after: { list: [text, { text }] } };
  const entries = [entry, { reason: 'null', before: null, after: { value: 'null' } }, entry];
  expect(await writeAndRead(entries)).toEqual(entries);
});
