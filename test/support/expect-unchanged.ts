/** Expectations about calls that must not change any table. */
import { expect } from 'vitest';
import type { Reason } from '../../src/errors/domain-error.ts';
import type { Database } from '../../src/store/database.ts';
import { expectRefusal } from './catalog-client.ts';
import { dumpTables } from './table-dump.ts';

/** Expects a call to leave every table as it was, and returns its answer. */
export async function expectUnchanged<T>(database: Database, call: () => Promise<T>): Promise<T> {
  const before = await dumpTables(database);
  const answer = await call();
  expect(await dumpTables(database)).toEqual(before);
  return answer;
}

/** Expects a call to be refused for a reason, and to leave every table as it was. */
export function expectRefusedUnchanged(
  database: Database,
  call: () => Promise<unknown>,
  reason: Reason,
  fields?: readonly string[],
) {
  return expectUnchanged(database, () => expectRefusal(call(), reason, fields));
}
