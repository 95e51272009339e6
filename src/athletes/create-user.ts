/** CreateUser: adds an athlete, under the caller's id or a new one. */
import type { Limits } from '../config/config.ts';
import type { CreateUserRequest } from '../gen/progression/v1/user_service_pb.ts';
import type { Change } from '../store/change.ts';
import { type User, UserEntity } from '../store/entities/user.ts';
import { emit, fact } from '../store/outbox.ts';
import { newId } from '../values/new-id.ts';
import { changeAttributes } from './attributes.ts';
import { changeTags } from './tags.ts';

/**
 * Throws USER_EXISTS when the account has ever had this id, and VALIDATION_FAILED for attributes of the wrong
 * type. The caller has checked the profile; see checkProfile. Initial tags and attributes cause the same
 * events as later ones, so that triggers see them.
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
