/** The accounts whose rows this process has written or seen, so that each is written once. */
import { DomainError } from '../errors/domain-error.ts';
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

/** `insert` writes the account's row unless it is there, and resolves with whether it was missing. */
export function createKnownAccounts(insert: (accountId: string) => Promise<boolean>): KnownAccounts {
  const known = new Set<string>();

  async function write(accountId: string): Promise<boolean> {
    const wasMissing = await insert(accountId);
    known.add(accountId);
    return wasMissing;
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
