/** The athlete's lock: serializes all changes of one athlete's numbers by a row lock. */
import type { LockMode } from '@mikro-orm/core';
import { sql } from 'kysely';
import { DomainError } from '../errors/domain-error.ts';
import type { Transaction } from './database.ts';
import { type User, UserEntity } from './entities/user.ts';

/** Waits for the athlete's lock, which is held until the transaction ends. USER_NOT_FOUND. */
export async function lockUser(tx: Transaction, userId: string): Promise<void> {
  const { rows } = await sql`
    select id from users
    where account_id = ${tx.accountId} and id = ${userId} and deleted_at is null
    for no key update`.execute(tx.sql);
  if (rows.length === 0) {
    throw userNotFound(userId);
  }
}

/** Throws USER_NOT_FOUND unless the athlete exists and is not deleted. */
export async function requireUser(tx: Transaction, userId: string): Promise<void> {
  const { rows } = await sql`
    select id from users
    where account_id = ${tx.accountId} and id = ${userId} and deleted_at is null`.execute(tx.sql);
  if (rows.length === 0) {
    throw userNotFound(userId);
  }
}

/** The athlete with this id, not deleted; throws USER_NOT_FOUND. */
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
