/** DeleteUser: the athlete takes no more events and is not listed; the history stays. */

import { quitEnrollments } from '../catalog/enrollments.ts';
import type { Change } from '../store/change.ts';
import { getUser, lockUser } from '../store/lock-user.ts';

/** USER_NOT_FOUND. ACTIVE and PAUSED enrollments become QUIT. */
export async function deleteUser({ tx, now }: Change, userId: string): Promise<void> {
  await lockUser(tx, userId);
  const user = await getUser(tx, userId);
  await quitEnrollments(tx, userId, now);
  user.deletedAt = now;
}
