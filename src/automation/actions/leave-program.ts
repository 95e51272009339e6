/** Action leave_program: ends or pauses the athlete's ACTIVE enrollment. */
import { activeEnrollment, unenrollUser } from '../../catalog/enrollments.ts';
import { lockUser } from '../../store/lock-user.ts';
import type { ActionType } from './step.ts';

export const leaveProgram: ActionType<'leaveProgram'> = {
  kind: 'CHANGE',
  async run(change, { userId }, { status }) {
    await lockUser(change.tx, userId);
    if (!(await activeEnrollment(change.tx, userId))) {
      return 'NO_CHANGE';
    }
    await unenrollUser(change, { userId, status });
    return 'DONE';
  },
};
