/** Enrollments: which program an athlete follows, and followed last. */
import { DomainError } from '../domain-error.ts';
import type { Transaction } from '../store/database.ts';
import { type Enrollment, EnrollmentEntity } from '../store/entities/enrollment.ts';
import { getUser } from './users.ts';

/** The one ACTIVE enrollment of the athlete, or null. */
export function activeEnrollment(tx: Transaction, userId: string): Promise<Enrollment | null> {
  return tx.em.findOne(EnrollmentEntity, { accountId: tx.accountId, userId, status: 'ACTIVE' });
}

/** The ACTIVE enrollment, else the one that stopped last. USER_NOT_FOUND, ENROLLMENT_NOT_FOUND. */
export async function getEnrollment(tx: Transaction, userId: string): Promise<Enrollment> {
  await getUser(tx, userId);
  const [latest] = await tx.em.find(
    EnrollmentEntity,
    { accountId: tx.accountId, userId },
    { orderBy: { endedAt: 'desc nulls first', startedAt: 'desc', id: 'desc' }, limit: 1 },
  );
  if (!latest) {
    throw new DomainError('ENROLLMENT_NOT_FOUND', `user ${userId} has never been enrolled`, {
      metadata: { userId },
    });
  }
  return latest;
}

/** Ends what the athlete is ACTIVE or PAUSED on; the athlete's lock is held. */
export async function quitEnrollments(tx: Transaction, userId: string, now: bigint): Promise<void> {
  const where = { accountId: tx.accountId, userId, status: { $in: ['ACTIVE', 'PAUSED'] } };
  for (const enrollment of await tx.em.find(EnrollmentEntity, where)) {
    enrollment.status = 'QUIT';
    enrollment.endedAt ??= now;
  }
}
