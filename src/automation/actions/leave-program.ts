/** Action leave_program: ends or pauses the athlete's ACTIVE enrollment. */
import { create } from '@bufbuild/protobuf';
import { activeEnrollment, unenrollUser } from '../../catalog/enrollments.ts';
import { UnenrollUserRequestSchema } from '../../gen/progression/v1/program_service_pb.ts';
import { lockUser } from '../../store/lock-user.ts';
import type { ActionType } from './step.ts';

export const leaveProgram: ActionType<'leaveProgram'> = {
  kind: 'CHANGE',
  async run(change, { userId }, { status }) {
    await lockUser(change.tx, userId);
    if (!(await activeEnrollment(change.tx, userId))) {
      return 'NO_CHANGE';
    }
    await unenrollUser(change, create(UnenrollUserRequestSchema, { userId, status }));
    return 'DONE';
  },
};
