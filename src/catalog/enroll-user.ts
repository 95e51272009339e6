/** EnrollUser: makes a program the ACTIVE one; a paused membership of it goes on where it stopped. */
import { LockMode } from '@mikro-orm/core';
import { DomainError } from '../domain-error.ts';
import { newId } from '../new-id.ts';
import type { Change } from '../store/change.ts';
import { type Enrollment, EnrollmentEntity } from '../store/entities/enrollment.ts';
import { lockUser } from '../store/lock-user.ts';
import { emit, fact } from '../store/outbox.ts';
import { activeEnrollment } from './enrollments.ts';
import { requireProgram } from './programs.ts';

/**
 * USER_NOT_FOUND, PROGRAM_NOT_FOUND; ALREADY_ENROLLED while an enrollment is ACTIVE, also one in this
 * program.
 */
export async function enrollUser(
  change: Change,
  { userId, programId }: { userId: string; programId: string },
): Promise<Enrollment> {
  const { tx, now } = change;
  await lockUser(tx, userId);
  const program = await requireProgram(tx, programId, LockMode.PESSIMISTIC_READ);
  const active = await activeEnrollment(tx, userId);
  if (active) {
    throw new DomainError('ALREADY_ENROLLED', `user ${userId} is ACTIVE on program ${active.programId}`, {
      metadata: { userId, programId: active.programId, enrollmentId: active.id },
    });
  }
  const membership = { accountId: tx.accountId, userId: userId.toLowerCase(), programId: program.id };
  const paused = await tx.em.findOne(EnrollmentEntity, { ...membership, status: 'PAUSED' });
  if (paused) {
    paused.status = 'ACTIVE';
    paused.endedAt = null;
    emitEnrolled(change, paused, true);
    return paused;
  }
  const made = tx.em.create(EnrollmentEntity, {
    ...membership,
    id: newId(),
    status: 'ACTIVE',
    startedAt: now,
    endedAt: null,
  });
  emitEnrolled(change, made, false);
  return made;
}

function emitEnrolled(change: Change, enrollment: Enrollment, isResumed: boolean): void {
  const { id, userId, programId } = enrollment;
  const data = { enrollment_id: id, program_id: programId, is_resumed: isResumed };
  emit(change, userId, [fact('program_enrolled', data)]);
}
