/** Action enroll_in_program: makes a program the athlete's ACTIVE one. */
import { activeEnrollment, enrollUser, unenrollUser } from '../../catalog/enrollments.ts';
import { EnrollmentStatus } from '../../gen/progression/v1/program_service_pb.ts';
import { lockUser } from '../../store/lock-user.ts';
import type { ActionType } from './step.ts';

/**
 * Throws PROGRAM_NOT_FOUND, ALREADY_ENROLLED in another program unless the action leaves that one, and UNIT_MISMATCH
 * unless the action says what to do about units.
 */
export const enrollInProgram: ActionType<'enrollInProgram'> = {
  kind: 'CHANGE',
  async run(change, { userId }, { programId, replaceActive, ...wish }) {
    await lockUser(change.tx, userId);
    const active = await activeEnrollment(change.tx, userId);
    if (active?.programId === programId) {
      return 'NO_CHANGE';
    }
    if (active && replaceActive) {
      await unenrollUser(change, { userId, status: EnrollmentStatus.QUIT });
      // At most one enrollment is ACTIVE at any point of the transaction, so the old one is flushed first.
      await change.tx.em.flush();
    }
    const { keepState, unitMismatch, convertRoundTo } = wish;
    await enrollUser(change, { userId, programId, keepState, unitMismatch, convertRoundTo });
    return 'DONE';
  },
};
