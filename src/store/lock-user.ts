/** Serializes everything that changes one athlete's numbers: the lock is on the athlete's row. */
import { sql } from 'kysely';
import { DomainError } from '../domain-error.ts';
import type { Transaction } from './database.ts';

/** Waits for the athlete's lock, held until the transaction ends. USER_NOT_FOUND when there is no live one. */
export async function lockUser(tx: Transaction, userId: string): Promise<void> {
  const { rows } = await sql`
    select id from users
    where account_id = ${tx.accountId} and id = ${userId} and deleted_at is null
    for no key update`.execute(tx.sql);
  if (rows.length === 0) {
    throw userNotFound(userId);
  }
}

/** USER_NOT_FOUND unless the athlete is live. */
export async function requireUser(tx: Transaction, userId: string): Promise<void> {
  const { rows } = await sql`
    select id from users
    where account_id = ${tx.accountId} and id = ${userId} and deleted_at is null`.execute(tx.sql);
  if (rows.length === 0) {
    throw userNotFound(userId);
  }
}

export function userNotFound(userId: string): DomainError {
  return new DomainError('USER_NOT_FOUND', `user ${userId} does not exist`, { metadata: { userId } });
}
