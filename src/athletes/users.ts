/** Reads and locks the account's athletes. */
import type { ListUsersRequest } from '../gen/progression/v1/user_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { type User, UserEntity } from '../store/entities/user.ts';
import { lockUser, userNotFound } from '../store/lock-user.ts';
import { isAfterNameAndId, type Page, readPage } from '../store/page.ts';

/** Locks the athlete, waiting for the lock, and reads the row under it. USER_NOT_FOUND. */
export async function lockedUser(tx: Transaction, userId: string): Promise<User> {
  await lockUser(tx, userId);
  // Flushes first, so that the refreshed row includes this transaction's own changes.
  await tx.em.flush();
  const where = { accountId: tx.accountId, id: userId, deletedAt: null };
  const user = await tx.em.findOne(UserEntity, where, { refresh: true });
  if (!user) {
    throw userNotFound(userId);
  }
  return user;
}

/** Ordered by name, then id. A search reads the account's names in this order until the page is full. */
export function listUsers(
  tx: Transaction,
  request: ListUsersRequest,
  defaultPageSize: number,
): Promise<Page<User>> {
  const { nameContains } = request;
  const live = {
    ...{ accountId: tx.accountId, deletedAt: null },
    ...(nameContains && { name: { $ilike: `%${nameContains.replace(/[\\%_]/g, '\\$&')}%` } }),
  };
  return readPage(
    {
      filter: ['ListUsers', tx.accountId, nameContains],
      keyKinds: ['text', 'uuid'],
      defaultPageSize,
      keyOf: (user: User) => [user.name, user.id],
      rows: (after, limit) =>
        tx.em.find(UserEntity, after ? { $and: [live, isAfterNameAndId(after)] } : live, {
          orderBy: { name: 'asc', id: 'asc' },
          limit,
        }),
      count: () => tx.em.count(UserEntity, live),
    },
    request,
  );
}
