/** The accounts whose rows this process has written or seen, so that each is written once. */
import { sql } from 'kysely';
import { DomainError } from '../errors/domain-error.ts';
import type { Transaction } from './database.ts';
import { sqlStateOf } from './database-error.ts';

export interface KnownAccounts {
  /** Writes the account's row unless it is known. */
  ensure(accountId: string): Promise<void>;
  /**
   * The error of a failed transaction; CONCURRENT_UPDATE when it failed because the database had lost the known account,
   * in a failover or a restore. The account has been written again then.
   */
  explain(accountId: string, error: unknown): Promise<unknown>;
}

const FOREIGN_KEY_VIOLATION = '23503';

export function createKnownAccounts(
  transaction: <T>(accountId: string, work: (tx: Transaction) => Promise<T>) => Promise<T>,
): KnownAccounts {
  const known = new Set<string>();

  /** True: it was not there. */
  async function write(accountId: string): Promise<boolean> {
    const { rows } = await transaction(accountId, (tx) =>
      sql`insert into accounts (id) values (${accountId}) on conflict do nothing returning id`.execute(
        tx.sql,
      ),
    );
    known.add(accountId);
    return rows.length > 0;
  }
  return {
    async ensure(accountId) {
      if (!known.has(accountId)) {
        await write(accountId);
      }
    },
    async explain(accountId, error) {
      if (sqlStateOf(error) !== FOREIGN_KEY_VIOLATION || !known.delete(accountId)) {
        return error;
      }
      return (await write(accountId))
        ? new DomainError('CONCURRENT_UPDATE', 'the database had lost the account; try again', {
            cause: error,
          })
        : error;
    },
  };
}
