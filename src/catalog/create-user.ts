/** CreateUser: a new athlete, under the caller's id or one of ours. */
import type { CreateUserRequest } from '../gen/progression/v1/user_service_pb.ts';
import { newId } from '../new-id.ts';
import type { Change } from '../store/change.ts';
import { type User, UserEntity } from '../store/entities/user.ts';

/**
 * USER_EXISTS when the account has had a user with this id. The profile has been checked; see checkProfile.
 */
export async function createUser({ tx, now }: Change, request: CreateUserRequest): Promise<User> {
  return tx.em.create(UserEntity, {
    accountId: tx.accountId,
    id: request.userId === '' ? newId() : request.userId.toLowerCase(),
    name: request.name,
    timeZone: request.timeZone || null,
    birthDate: request.birthDate || null,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  });
}
