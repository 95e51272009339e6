/** EraseUser: takes what says who an athlete is out of every row that has it; numbers and trail stay, under the id. */
import { create, toBinary } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { EventService } from '../gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../gen/automation/v1/trigger_service_pb.ts';
import {
  CreateUserResponseSchema,
  type EraseUserRequest,
  UserService,
} from '../gen/progression/v1/user_service_pb.ts';
import { instantToText } from '../instant.ts';
import { audit, type Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import { lockPartitionOf } from '../store/lock-partition.ts';
import { userNotFound } from '../store/lock-user.ts';
import { quitEnrollments } from './enrollments.ts';
import { forgetEvents, forgetFacts } from './forget-events.ts';

/** USER_NOT_FOUND when the account never had the athlete. Erasing again changes nothing but the trail. */
export async function eraseUser(change: Change, { userId, reason }: EraseUserRequest): Promise<void> {
  const { tx, now } = change;
  await lockPartitionOf(tx, userId);
  await forgetEvents(tx, userId, now);
  const { numAffectedRows } = await sql`
    update users set name = '', birth_date = null, time_zone = null, tags = '[]', attributes = '{}',
      opted_out_at = null, updated_at = ${instantToText(now)}, deleted_at = coalesce(deleted_at, ${instantToText(now)})
    where account_id = ${tx.accountId} and id = ${userId}`.execute(tx.sql);
  if (numAffectedRows === 0n) {
    throw userNotFound(userId);
  }
  await quitEnrollments(tx, userId, now);
  await forgetFacts(tx, userId);
  await forgetAnswers(tx, userId);
  await forgetTrials(tx, userId);
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
 * Answers to calls that made or changed the athlete repeat the name: from now on they say the id alone. Their
 * payloads' fingerprints go too, and those of published events, so that nobody can try names against them; the calls and
 * events then count as reused.
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
      and position(convert_to(${userId}, 'UTF8') in response) > 0`.execute(tx.sql);
  await sql`
    update requests set fingerprint = ''
    where account_id = ${tx.accountId} and user_id = ${userId}
      and method = ${EventService.method.publishEvents.name}`.execute(tx.sql);
}

/** Answers to trials of triggers repeat what these looked at; each names the execution that it left in the log. */
async function forgetTrials(tx: Transaction, userId: string): Promise<void> {
  await sql`
    update requests r set response = '', fingerprint = ''
    from trigger_execution_logs l
    where r.account_id = ${tx.accountId} and r.method = ${TriggerService.method.testTrigger.name}
      and l.account_id = r.account_id and l.user_id = ${userId} and l.kind = 'TEST'
      and position(convert_to(l.id::text, 'UTF8') in r.response) > 0`.execute(tx.sql);
}
