/**
 * EraseUser: removes personal data from every row; numbers and the audit trail stay, under the athlete's id.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { quitEnrollments } from '../catalog/enrollments.ts';
import {
  CreateUserResponseSchema,
  type EraseUserRequest,
  UserService,
} from '../gen/progression/v1/user_service_pb.ts';
import { audit, type Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import { lockPartitionOf } from '../store/lock-partition.ts';
import { userNotFound } from '../store/lock-user.ts';
import { type Instant, instantToText } from '../values/instant.ts';

/** What other rooms keep about athletes and give up when one is erased. */
export interface AthleteHistory {
  /** Ends the athlete's runs and redacts stored events; called before the athlete's row is locked. */
  forgetEvents(tx: Transaction, userId: string, now: Instant): Promise<void>;
  /** Redacts events that wait for evaluation, and stored answers; called while the athlete's row is locked. */
  forgetFacts(tx: Transaction, userId: string): Promise<void>;
}

/**
 * USER_NOT_FOUND when the account never had the athlete. A second erasure changes nothing but the audit
 * trail.
 */
export async function eraseUser(
  change: Change,
  { userId, reason }: EraseUserRequest,
  history: AthleteHistory,
): Promise<void> {
  const { tx, now } = change;
  await lockPartitionOf(tx, userId);
  await history.forgetEvents(tx, userId, now);
  const { numAffectedRows } = await sql`
    update users set name = '', birth_date = null, time_zone = null, tags = '[]', attributes = '{}',
      opted_out_at = null, updated_at = ${instantToText(now)}, deleted_at = coalesce(deleted_at, ${instantToText(now)})
    where account_id = ${tx.accountId} and id = ${userId}`.execute(tx.sql);
  if (numAffectedRows === 0n) {
    throw userNotFound(userId);
  }
  await quitEnrollments(tx, userId, now);
  await history.forgetFacts(tx, userId);
  // Why a row was off may say how the athlete was.
  await sql`delete from enrollment_overrides where account_id = ${tx.accountId} and user_id = ${userId}`.execute(
    tx.sql,
  );
  await sql`delete from equipment where account_id = ${tx.accountId} and user_id = ${userId}`.execute(tx.sql);
  // What was wrong with sets may say it as well.
  await sql`
    update set_corrections set reason = ''
    where account_id = ${tx.accountId} and user_id = ${userId}`.execute(tx.sql);
  await forgetAnswers(tx, userId);
  audit(change, {
    action: 'EraseUser',
    targetType: 'user',
    targetId: userId,
    userId,
    reason,
    before: null,
    after: null,
  });
}

/**
 * Stored answers of CreateUser and UpdateUser repeat the name: they are replaced by ones with the id alone. The
 * fingerprints of their payloads go too, so that an attacker cannot test guessed names against them; such a request ID
 * then counts as reused.
 */
async function forgetAnswers(tx: Transaction, userId: string): Promise<void> {
  const { createUser, updateUser } = UserService.method;
  // Both answers are a message with the athlete as its first field.
  const answer = toBinary(
    CreateUserResponseSchema,
    create(CreateUserResponseSchema, { user: { id: userId } }),
  );
  await sql`
    update requests set response = ${answer}, fingerprint = ''
    where account_id = ${tx.accountId} and method in (${createUser.name}, ${updateUser.name})
      and has_text(response, ${userId})`.execute(tx.sql);
}
