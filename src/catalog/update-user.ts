/** UpdateUser: an athlete's name, time zone and birth date. */
import { LockMode } from '@mikro-orm/core';
import type { UpdateUserRequest } from '../gen/progression/v1/user_service_pb.ts';
import type { Change } from '../store/change.ts';
import type { User } from '../store/entities/user.ts';
import { getUser } from './users.ts';

/** USER_NOT_FOUND. The profile has been checked; see checkProfile. */
export async function updateUser({ tx, now }: Change, request: UpdateUserRequest): Promise<User> {
  const user = await getUser(tx, request.userId, LockMode.PESSIMISTIC_WRITE);
  const { timeZone, birthDate } = request;
  user.name = request.name || user.name;
  user.timeZone = timeZone === undefined ? user.timeZone : timeZone || null;
  user.birthDate = birthDate === undefined ? user.birthDate : birthDate || null;
  user.updatedAt = now;
  return user;
}
