/** Table enrollment_overrides: overrides of program rows for one athlete. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { Decimal } from 'decimal.js';
import { DecimalColumn, InstantColumn } from '../driver/column-types.ts';

export const EnrollmentOverrideEntity = defineEntity({
  name: 'EnrollmentOverride',
  tableName: 'enrollment_overrides',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    userId: p.uuid(),
    enrollmentId: p.uuid(),
    programProgressionId: p.uuid(),
    /** Null: every lift that the row covers. */
    liftId: p.uuid().nullable(),
    isOff: p.boolean(),
    increment: p.type(DecimalColumn).$type<Decimal>().nullable(),
    minValue: p.type(DecimalColumn).$type<Decimal>().nullable(),
    maxValue: p.type(DecimalColumn).$type<Decimal>().nullable(),
    /** Applies to events before this time; null: no end. */
    expiresAt: p.type(InstantColumn).$type<bigint>().nullable(),
    reason: p.text(),
    createdAt: p.type(InstantColumn).$type<bigint>(),
    updatedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type EnrollmentOverride = InferEntity<typeof EnrollmentOverrideEntity>;
