/** CreateUser: a new athlete, under the caller's id or one of ours. */
import type { Limits } from '../config/config.ts';
import type { CreateUserRequest } from '../gen/progression/v1/user_service_pb.ts';
import type { Change } from '../store/change.ts';
import { type User, UserEntity } from '../store/entities/user.ts';
import { emit, fact } from '../store/outbox.ts';
import { newId } from '../values/new-id.ts';
import { changeAttributes } from './attributes.ts';
import { changeTags } from './tags.ts';

/**
 * USER_EXISTS when the account has had a user with this id; VALIDATION_FAILED for attributes that are not of the types
 * that the account gave them. The profile has been checked; see checkProfile. Tags and attributes from the beginning
 * are told like those that come later, so that nobody who waits for them misses these.
 */
export async function createUser(change: Change, request: CreateUserRequest, limits: Limits): Promise<User> {
  const { tx, now } = change;
  const user = tx.em.create(UserEntity, {
    accountId: tx.accountId,
    id: request.userId === '' ? newId() : request.userId.toLowerCase(),
    name: request.name,
    timeZone: request.timeZone || null,
    birthDate: request.birthDate || null,
    tags: [],
    attributes: {},
    optedOutAt: null,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  });
  const facts = [
    ...changeTags(user, { remove: [], add: request.tags, path: 'tags' }, limits),
    ...(await changeAttributes(tx, user, request.attributes ?? {}, limits)),
  ];
  const { name, birthDate, timeZone, tags } = user;
  const created = { name, birth_date: birthDate, time_zone: timeZone, tags };
  emit(change, user.id, [fact('contact_created', created), ...facts]);
  return user;
}
