/** Serializes everything that changes one athlete's numbers: the lock is on the athlete's row. */
import type { LockMode } from '@mikro-orm/core';
import { sql } from 'kysely';
import { DomainError } from '../errors/domain-error.ts';
import type { Transaction } from './database.ts';
import { type User, UserEntity } from './entities/user.ts';

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

/** The live user with this id, or USER_NOT_FOUND. */
export async function getUser(tx: Transaction, userId: string, lockMode?: LockMode): Promise<User> {
  const where = { accountId: tx.accountId, id: userId, deletedAt: null };
  const user = await tx.em.findOne(UserEntity, where, { lockMode });
  if (!user) {
    throw userNotFound(userId);
  }
  return user;
}

export function userNotFound(userId: string): DomainError {
  return new DomainError('USER_NOT_FOUND', `user ${userId} does not exist`, { metadata: { userId } });
}
