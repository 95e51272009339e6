/** Table enrollments: enrollments of athletes in programs. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const EnrollmentEntity = defineEntity({
  name: 'Enrollment',
  tableName: 'enrollments',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    userId: p.uuid(),
    programId: p.uuid(),
    /** ACTIVE, PAUSED, QUIT or COMPLETED. */
    status: p.text(),
    startedAt: p.type(InstantColumn).$type<bigint>(),
    endedAt: p.type(InstantColumn).$type<bigint>().nullable(),
    /** The status before DeleteUser: ACTIVE or PAUSED; null otherwise. */
    statusBeforeDeletion: p.text().nullable(),
  },
});

export type Enrollment = InferEntity<typeof EnrollmentEntity>;
