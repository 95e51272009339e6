/**
 * DeleteUser, after which the athlete takes no more events and is not listed while the history stays; and
 * RestoreUser, which undoes it.
 */

import { LockMode } from '@mikro-orm/core';
import { quitEnrollments, restoreEnrollments } from '../catalog/enrollments.ts';
import { DomainError } from '../errors/domain-error.ts';
import { audit, type Change } from '../store/change.ts';
import { type User, UserEntity } from '../store/entities/user.ts';
import { getUser, lockUser, userNotFound } from '../store/lock-user.ts';
import { emit, fact } from '../store/outbox.ts';
import { instantToText } from '../values/instant.ts';

/** USER_NOT_FOUND. ACTIVE and PAUSED enrollments become QUIT. */
export async function deleteUser({ tx, now }: Change, userId: string): Promise<void> {
  await lockUser(tx, userId);
  const user = await getUser(tx, userId);
  await quitEnrollments(tx, userId, now);
  user.deletedAt = now;
}

/**
 * USER_NOT_FOUND when the account never had the athlete, USER_EXISTS when the athlete is not deleted, USER_ERASED when
 * nothing is left to restore. Programs that the athlete followed and that still exist are followed again.
 */
export async function restoreUser(change: Change, userId: string): Promise<User> {
  const { tx, now } = change;
  const user = await tx.em.findOne(
    UserEntity,
    { accountId: tx.accountId, id: userId },
    { lockMode: LockMode.PESSIMISTIC_WRITE },
  );
  if (!user) {
    throw userNotFound(userId);
  }
  if (!user.deletedAt) {
    throw new DomainError('USER_EXISTS', `user ${userId} is not deleted`, { metadata: { userId } });
  }
  // EraseUser alone leaves an athlete without a name.
  if (user.name === '') {
    throw new DomainError('USER_ERASED', `user ${userId} was erased`, { metadata: { userId } });
  }
  const before = { deletedAt: instantToText(user.deletedAt) };
  user.deletedAt = null;
  user.updatedAt = now;
  await restoreEnrollments(tx, userId);
  // The athlete's time cursors ended with the deletion, and this event plans them again.
  emit(change, userId, [fact('contact_updated', { changed_fields: ['deleted'] })]);
  audit(change, {
    action: 'RestoreUser',
    targetType: 'user',
    targetId: userId,
    userId,
    before,
    after: { deletedAt: null },
  });
  return user;
}
