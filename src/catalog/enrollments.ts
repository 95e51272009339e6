/**
 * Enrollments: which program an athlete follows, and followed last.
 * EnrollUser: makes a program the ACTIVE one; a paused membership of it goes on where it stopped.
 * UnenrollUser: ends or pauses the athlete's ACTIVE enrollment.
 */

import { LockMode } from '@mikro-orm/core';
import { sql } from 'kysely';
import { enumName } from '../calls/enum-name.ts';
import { DomainError, invalidFields } from '../errors/domain-error.ts';
import { EnrollmentStatus, EnrollmentStatusSchema } from '../gen/progression/v1/program_service_pb.ts';
import { carryState, resetProgramState } from '../progression/engine/reset-rule-state.ts';
import { drawAcceptanceNumber } from '../store/acceptance-number.ts';
import { audit, type Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import { type Enrollment, EnrollmentEntity } from '../store/entities/enrollment.ts';
import { getUser, lockUser } from '../store/lock-user.ts';
import { emit, fact } from '../store/outbox.ts';
import { instantToText } from '../values/instant.ts';
import { newId } from '../values/new-id.ts';
import { requirePositiveStep, settleUnits, type UnitWish } from './enrollment-units.ts';
import { findProgram, requireProgram } from './programs/programs.ts';

/** Units that differ are refused, unless it says what to do about them. */
export interface EnrollmentWish extends UnitWish {
  readonly userId: string;
  readonly programId: string;
  /** Carry failure counters and stages of earlier enrollments on; default: no. */
  readonly keepState?: boolean;
}

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

/** Ends what a deleted athlete was ACTIVE or PAUSED on; the athlete's lock is held. */
export async function quitEnrollments(tx: Transaction, userId: string, now: bigint): Promise<void> {
  const where = { accountId: tx.accountId, userId, status: { $in: ['ACTIVE', 'PAUSED'] } };
  for (const enrollment of await tx.em.find(EnrollmentEntity, where)) {
    enrollment.statusBeforeDeletion = enrollment.status;
    enrollment.status = 'QUIT';
    enrollment.endedAt ??= now;
  }
}

/** Gives back what `quitEnrollments` ended, where the program still exists; the athlete's lock is held. */
export async function restoreEnrollments(tx: Transaction, userId: string): Promise<void> {
  const where = { accountId: tx.accountId, userId, statusBeforeDeletion: { $ne: null } };
  for (const enrollment of await tx.em.find(EnrollmentEntity, where)) {
    if (await findProgram(tx, enrollment.programId, LockMode.PESSIMISTIC_READ)) {
      enrollment.status = enrollment.statusBeforeDeletion ?? enrollment.status;
      enrollment.endedAt = enrollment.status === 'ACTIVE' ? null : enrollment.endedAt;
    }
    enrollment.statusBeforeDeletion = null;
  }
}

/**
 * USER_NOT_FOUND, PROGRAM_NOT_FOUND, UNIT_MISMATCH; ALREADY_ENROLLED while an enrollment is ACTIVE, also one in this
 * program. A new enrollment starts with failure counters and stages at zero, unless `keepState` carries them on.
 */
export async function enrollUser(
  change: Change,
  { userId, programId, keepState = false, ...units }: EnrollmentWish,
): Promise<Enrollment> {
  const { tx, now } = change;
  requirePositiveStep(units);
  await lockUser(tx, userId);
  const program = await requireProgram(tx, programId, LockMode.PESSIMISTIC_READ);
  const active = await activeEnrollment(tx, userId);
  if (active) {
    throw new DomainError('ALREADY_ENROLLED', `user ${userId} is ACTIVE on program ${active.programId}`, {
      metadata: { userId, programId: active.programId, enrollmentId: active.id },
    });
  }
  await settleUnits(change, userId, program, units);
  const membership = { accountId: tx.accountId, userId: userId.toLowerCase(), programId: program.id };
  const paused = await tx.em.findOne(EnrollmentEntity, { ...membership, status: 'PAUSED' });
  if (paused) {
    paused.status = 'ACTIVE';
    paused.endedAt = null;
    await resumeFromHere(tx, paused.id);
    await carryState(change, userId);
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
  await carryState(change, userId);
  if (!keepState) {
    await startAnew(change, made);
  }
  emitEnrolled(change, made, false);
  return made;
}

/** What the athlete reported before no longer concerns the enrollment's weeks and cycles; their lock is held. */
async function resumeFromHere(tx: Transaction, enrollmentId: string): Promise<void> {
  const number = await drawAcceptanceNumber(tx);
  await sql`
    update enrollments set active_from_sequence = ${number}
    where account_id = ${tx.accountId} and id = ${enrollmentId}`.execute(tx.sql);
}

/** What earlier enrollments left in the counters and stages of the program's rules goes, with a trace. */
async function startAnew(change: Change, { id, userId, programId }: Enrollment): Promise<void> {
  const lost = await resetProgramState(change, { userId, programId });
  if (lost.failureCounters.length > 0 || lost.stages.length > 0) {
    audit(change, {
      action: 'EnrollUser',
      targetType: 'enrollment',
      targetId: id,
      userId,
      before: lost,
      after: { programId, failureCounters: [], stages: [] },
    });
  }
}

function emitEnrolled(change: Change, enrollment: Enrollment, isResumed: boolean): void {
  const { id, userId, programId } = enrollment;
  const data = { enrollment_id: id, program_id: programId, is_resumed: isResumed };
  emit(change, userId, [fact('program_enrolled', data)]);
}

/** USER_NOT_FOUND; NOT_ENROLLED when no enrollment is ACTIVE; VALIDATION_FAILED for a status that is not given. */
export async function unenrollUser(
  change: Change,
  { userId, status }: { readonly userId: string; readonly status: EnrollmentStatus },
): Promise<Enrollment> {
  const { tx, now } = change;
  if (status === EnrollmentStatus.UNSPECIFIED) {
    throw invalidFields([{ field: 'status', description: 'is required' }]);
  }
  await lockUser(tx, userId);
  const enrollment = await activeEnrollment(tx, userId);
  if (!enrollment) {
    throw new DomainError('NOT_ENROLLED', `user ${userId} has no ACTIVE enrollment`, {
      metadata: { userId },
    });
  }
  enrollment.status = enumName(EnrollmentStatusSchema, status);
  enrollment.endedAt = now;
  if (enrollment.status === 'COMPLETED') {
    const { id, programId, startedAt } = enrollment;
    const data = { enrollment_id: id, program_id: programId, started_at: instantToText(startedAt) };
    emit(change, enrollment.userId, [fact('program_completed', data)]);
  }
  return enrollment;
}
