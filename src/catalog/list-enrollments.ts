/** ListEnrollments: who follows, or followed, which program. */
import type { FilterQuery } from '@mikro-orm/core';
import { enumName } from '../calls/enum-name.ts';
import {
  EnrollmentStatusSchema,
  type ListEnrollmentsRequest,
} from '../gen/progression/v1/program_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { type Enrollment, EnrollmentEntity } from '../store/entities/enrollment.ts';
import { requireUser } from '../store/lock-user.ts';
import { type Page, readPage } from '../store/page.ts';

/** By started_at and id, newest first. USER_NOT_FOUND; a program that was deleted still has its enrollments. */
export async function listEnrollments(
  tx: Transaction,
  request: ListEnrollmentsRequest,
  defaultPageSize: number,
): Promise<Page<Enrollment>> {
  const { userId, programId } = request;
  if (userId !== '') {
    await requireUser(tx, userId);
  }
  const status = request.status === 0 ? '' : enumName(EnrollmentStatusSchema, request.status);
  const asked: FilterQuery<Enrollment> = {
    accountId: tx.accountId,
    ...(userId && { userId }),
    ...(programId && { programId }),
    ...(status && { status }),
  };
  return readPage(
    {
      filter: ['ListEnrollments', tx.accountId, userId, programId, status],
      keyKinds: ['instant', 'uuid'],
      defaultPageSize,
      keyOf: (row: Enrollment) => [row.startedAt, row.id],
      rows(after, limit) {
        const behind = after
          ? { $or: [{ startedAt: { $lt: after[0] } }, { startedAt: after[0], id: { $lt: after[1] } }] }
          : {};
        return tx.em.find(
          EnrollmentEntity,
          { ...asked, ...behind },
          { orderBy: { startedAt: 'desc', id: 'desc' }, limit },
        );
      },
      count: request.includeTotalSize ? () => tx.em.count(EnrollmentEntity, asked) : null,
    },
    request,
  );
}
