/** Reads the values of secrets for the step that sends them, and encrypts secrets anew after a rotation of keys. */
import { LockMode } from '@mikro-orm/core';
import { sql } from 'kysely';
import type { SecretKey, SecretKeys } from '../../config/secret-keys.ts';
import type { Database, Transaction } from '../../store/database.ts';
import { SecretEntity } from '../../store/entities/secret.ts';
import { openSecret, sealSecret } from './seal.ts';

/** The values by name. A name is missing when there is no such secret, or no key that decrypts it. */
export async function readSecrets(
  { accountId, em }: Transaction,
  names: readonly string[],
  keys: SecretKeys | undefined,
): Promise<ReadonlyMap<string, string>> {
  if (names.length === 0 || !keys) {
    return new Map();
  }
  const rows = await em.find(SecretEntity, { accountId, name: { $in: [...names] } });
  return new Map(
    rows.flatMap((row) => {
      const value = openSecret(keys, row, row);
      return value === undefined ? [] : [[row.name, value] as const];
    }),
  );
}

/**
 * While a rotation of keys is under way, encrypts the secrets of all accounts anew with the current key. Those that the
 * previous key does not decrypt stay as they are.
 */
export function createResealer(database: Database, keys: SecretKeys): { runOnce(): Promise<boolean> } {
  const { previous } = keys;
  return {
    /** Returns false: what is left is looked at again in the next interval. */
    async runOnce() {
      for (const accountId of previous ? await accountsUnder(database, previous) : []) {
        await database.transaction(accountId, (tx) => reseal(tx, keys));
      }
      return false;
    },
  };
}

async function accountsUnder(database: Database, { id }: SecretKey): Promise<string[]> {
  return database.acrossAccounts(async (db) => {
    const { rows } = await sql<{ accountId: string }>`
      select distinct account_id as "accountId" from secrets where key_id = ${id}`.execute(db);
    return rows.map(({ accountId }) => accountId);
  });
}

async function reseal({ accountId, em }: Transaction, keys: SecretKeys): Promise<void> {
  const where = { accountId, keyId: keys.previous?.id ?? '' };
  for (const row of await em.find(SecretEntity, where, { lockMode: LockMode.PESSIMISTIC_WRITE })) {
    const value = openSecret(keys, row, row);
    if (value !== undefined) {
      em.assign(row, sealSecret(keys, row, value));
    }
  }
}
