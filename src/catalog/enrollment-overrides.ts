/**
 * SetEnrollmentOverride, ListEnrollmentOverrides and DeleteEnrollmentOverride: what a row of a program is for one
 * athlete, without a copy of the program.
 */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { LockMode } from '@mikro-orm/core';
import { Decimal } from 'decimal.js';
import { DomainError, type FieldViolation, invalidFields } from '../errors/domain-error.ts';
import type {
  DeleteEnrollmentOverrideRequest,
  EnrollmentOverrideSchema,
  ListEnrollmentOverridesRequest,
  SetEnrollmentOverrideRequest,
} from '../gen/progression/v1/program_service_pb.ts';
import { audit, type Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import type { Enrollment } from '../store/entities/enrollment.ts';
import { type EnrollmentOverride, EnrollmentOverrideEntity } from '../store/entities/enrollment-override.ts';
import { ProgramLiftEntity } from '../store/entities/program-lift.ts';
import type { ProgramProgression } from '../store/entities/program-progression.ts';
import { lockUser, requireUser } from '../store/lock-user.ts';
import { type Page, readPage } from '../store/page.ts';
import { instantOfField, instantToText, instantToTimestamp } from '../values/instant.ts';
import { newId } from '../values/new-id.ts';
import { activeEnrollment } from './enrollments.ts';
import { getProgramProgression, requireIncrement } from './programs/program-progressions.ts';
import { getProgression } from './rules/progressions.ts';

/** What a request says, read. VALIDATION_FAILED for figures that contradict each other, and for none. */
export function readOverride(request: SetEnrollmentOverrideRequest) {
  const [increment, minValue, maxValue] = [request.increment, request.minValue, request.maxValue].map(
    (text) => (text === '' ? null : new Decimal(text)),
  );
  const violations: FieldViolation[] = [];
  const hasFigures = Boolean(increment ?? minValue ?? maxValue);
  if (request.off === hasFigures) {
    const description = request.off
      ? 'must be alone: a row that is off has no figures'
      : 'must be true when no increment, min_value or max_value is given';
    violations.push({ field: 'off', description });
  }
  if (increment && !increment.gt(0)) {
    violations.push({ field: 'increment', description: 'must be above 0' });
  }
  if (minValue && maxValue?.lt(minValue)) {
    violations.push({ field: 'max_value', description: 'must be at least min_value' });
  }
  if (violations.length > 0) {
    throw invalidFields(violations);
  }
  return {
    isOff: request.off,
    increment: increment ?? null,
    minValue: minValue ?? null,
    maxValue: maxValue ?? null,
    expiresAt: request.expiresAt ? instantOfField(request.expiresAt, 'expires_at') : null,
    reason: request.reason,
  };
}

/**
 * Replaces the override of the row and lift. USER_NOT_FOUND, NOT_ENROLLED, PROGRAM_PROGRESSION_NOT_FOUND,
 * PROGRESSION_NOT_IN_PROGRAM, LIFT_NOT_IN_PROGRAM; VALIDATION_FAILED for an increment that the rule does not take.
 */
export async function setEnrollmentOverride(
  change: Change,
  request: SetEnrollmentOverrideRequest,
  figures: ReturnType<typeof readOverride>,
): Promise<EnrollmentOverride> {
  const { tx, now } = change;
  const { userId, reason } = request;
  await lockUser(tx, userId);
  const enrollment = await requireActive(tx, userId);
  const row = await getProgramProgression(tx, request.programProgressionId, LockMode.PESSIMISTIC_READ);
  const liftId = request.liftId || null;
  await requireCovered(tx, enrollment, row, liftId);
  if (figures.increment) {
    requireIncrement(await getProgression(tx, row.progressionId), 'increment');
  }
  const key = {
    ...{ accountId: tx.accountId, enrollmentId: enrollment.id },
    ...{ programProgressionId: row.id, liftId },
  };
  const stored = await tx.em.findOne(EnrollmentOverrideEntity, key);
  const before = stored && auditedOverride(stored);
  const override = stored
    ? tx.em.assign(stored, { ...figures, updatedAt: now })
    : tx.em.create(EnrollmentOverrideEntity, {
        ...{ ...key, ...figures, userId },
        ...{ id: newId(), createdAt: now, updatedAt: now },
      });
  audit(change, {
    action: 'SetEnrollmentOverride',
    targetType: 'enrollment_override',
    targetId: override.id,
    ...{ userId, reason, before },
    after: auditedOverride(override),
  });
  return override;
}

/** By id, which is the order in which they were made. USER_NOT_FOUND. */
export async function listEnrollmentOverrides(
  tx: Transaction,
  request: ListEnrollmentOverridesRequest,
  defaultPageSize: number,
): Promise<Page<EnrollmentOverride>> {
  const { userId } = request;
  await requireUser(tx, userId);
  const owned = { accountId: tx.accountId, userId };
  return readPage(
    {
      filter: ['ListEnrollmentOverrides', tx.accountId, userId],
      keyKinds: ['uuid'],
      defaultPageSize,
      keyOf: (row: EnrollmentOverride) => [row.id],
      rows: (after, limit) =>
        tx.em.find(EnrollmentOverrideEntity, after ? { ...owned, id: { $gt: after[0] } } : owned, {
          orderBy: { id: 'asc' },
          limit,
        }),
      count: () => tx.em.count(EnrollmentOverrideEntity, owned),
    },
    request,
  );
}

/** USER_NOT_FOUND, ENROLLMENT_OVERRIDE_NOT_FOUND. */
export async function deleteEnrollmentOverride(
  change: Change,
  { userId, overrideId }: DeleteEnrollmentOverrideRequest,
): Promise<void> {
  const { tx } = change;
  await lockUser(tx, userId);
  const override = await tx.em.findOne(EnrollmentOverrideEntity, {
    accountId: tx.accountId,
    id: overrideId,
    userId,
  });
  if (!override) {
    throw new DomainError('ENROLLMENT_OVERRIDE_NOT_FOUND', `override ${overrideId} does not exist`, {
      metadata: { overrideId },
    });
  }
  tx.em.remove(override);
  audit(change, {
    action: 'DeleteEnrollmentOverride',
    targetType: 'enrollment_override',
    targetId: overrideId,
    userId,
    before: auditedOverride(override),
    after: null,
  });
}

export function enrollmentOverrideMessage(
  row: EnrollmentOverride,
): MessageInitShape<typeof EnrollmentOverrideSchema> {
  const { id, userId, enrollmentId, programProgressionId, liftId, isOff, reason, expiresAt } = row;
  return {
    ...{ id, userId, enrollmentId, programProgressionId, reason },
    liftId: liftId ?? '',
    off: isOff,
    increment: row.increment?.toFixed() ?? '',
    minValue: row.minValue?.toFixed() ?? '',
    maxValue: row.maxValue?.toFixed() ?? '',
    expiresAt: typeof expiresAt === 'bigint' ? instantToTimestamp(expiresAt) : undefined,
    createdAt: instantToTimestamp(row.createdAt),
    updatedAt: instantToTimestamp(row.updatedAt),
  };
}

async function requireActive(tx: Transaction, userId: string): Promise<Enrollment> {
  const enrollment = await activeEnrollment(tx, userId);
  if (!enrollment) {
    throw new DomainError('NOT_ENROLLED', `user ${userId} has no ACTIVE enrollment`, {
      metadata: { userId },
    });
  }
  return enrollment;
}

async function requireCovered(
  { em, accountId }: Transaction,
  { programId }: Enrollment,
  row: ProgramProgression,
  liftId: string | null,
): Promise<void> {
  if (row.programId !== programId) {
    throw new DomainError('PROGRESSION_NOT_IN_PROGRAM', `row ${row.id} is not in the user's program`, {
      metadata: { programProgressionId: row.id, programId },
    });
  }
  if (liftId === null) {
    return;
  }
  const isCovered =
    (row.liftId ?? liftId) === liftId &&
    (await em.count(ProgramLiftEntity, { accountId, programId, liftId })) > 0;
  if (!isCovered) {
    throw new DomainError('LIFT_NOT_IN_PROGRAM', `row ${row.id} does not cover lift ${liftId}`, {
      metadata: { programProgressionId: row.id, liftId, programId },
    });
  }
}

/** What the audit trail keeps; the reason is the entry's own. */
function auditedOverride(row: EnrollmentOverride): Record<string, unknown> {
  const { enrollmentId, programProgressionId, liftId, isOff, expiresAt } = row;
  return {
    ...{ enrollmentId, programProgressionId, liftId, isOff },
    increment: row.increment?.toFixed() ?? null,
    minValue: row.minValue?.toFixed() ?? null,
    maxValue: row.maxValue?.toFixed() ?? null,
    expiresAt: typeof expiresAt === 'bigint' ? instantToText(expiresAt) : null,
  };
}
