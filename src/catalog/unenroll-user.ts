/** UnenrollUser: ends or pauses the athlete's ACTIVE enrollment. */
import { DomainError } from '../domain-error.ts';
import { enumName } from '../enum-name.ts';
import {
  EnrollmentStatus,
  EnrollmentStatusSchema,
  type UnenrollUserRequest,
} from '../gen/progression/v1/program_service_pb.ts';
import { instantToText } from '../instant.ts';
import type { Change } from '../store/change.ts';
import type { Enrollment } from '../store/entities/enrollment.ts';
import { lockUser } from '../store/lock-user.ts';
import { emit, fact } from '../store/outbox.ts';
import { activeEnrollment } from './enrollments.ts';

/** USER_NOT_FOUND; NOT_ENROLLED when no enrollment is ACTIVE. An unspecified status means QUIT. */
export async function unenrollUser(change: Change, request: UnenrollUserRequest): Promise<Enrollment> {
  const { tx, now } = change;
  const { userId } = request;
  await lockUser(tx, userId);
  const enrollment = await activeEnrollment(tx, userId);
  if (!enrollment) {
    throw new DomainError('NOT_ENROLLED', `user ${userId} has no ACTIVE enrollment`, {
      metadata: { userId },
    });
  }
  enrollment.status = enumName(EnrollmentStatusSchema, request.status || EnrollmentStatus.QUIT);
  enrollment.endedAt = now;
  if (enrollment.status === 'COMPLETED') {
    const { id, programId, startedAt } = enrollment;
    const data = { enrollment_id: id, program_id: programId, started_at: instantToText(startedAt) };
    emit(change, enrollment.userId, [fact('program_completed', data)]);
  }
  return enrollment;
}
