/** UpdateUser: changes an athlete's name, time zone, birth date, tags, attributes and automation opt-out. */
import type { Limits } from '../config/config.ts';
import type { UpdateUserRequest } from '../gen/progression/v1/user_service_pb.ts';
import type { Change } from '../store/change.ts';
import type { User } from '../store/entities/user.ts';
import { emit } from '../store/outbox.ts';
import { profileFacts, toldProfile } from './athlete-profile.ts';
import { changeAttributes } from './attributes.ts';
import { changeTags } from './tags.ts';
import { lockedUser } from './users.ts';

/**
 * USER_NOT_FOUND. VALIDATION_FAILED for attributes of the wrong type, and beyond the limits of tags and
 * attributes. The caller has checked the profile; see checkProfile.
 */
export async function updateUser(change: Change, request: UpdateUserRequest, limits: Limits): Promise<User> {
  const { tx, now } = change;
  const user = await lockedUser(tx, request.userId);
  const before = toldProfile(user);
  const { timeZone, birthDate, optedOut } = request;
  user.name = request.name || user.name;
  user.timeZone = timeZone === undefined ? user.timeZone : timeZone || null;
  user.birthDate = birthDate === undefined ? user.birthDate : birthDate || null;
  user.optedOutAt = optedOut === undefined ? user.optedOutAt : optedOut ? (user.optedOutAt ?? now) : null;
  user.updatedAt = now;
  const tags = { remove: request.removeTags, add: request.addTags, path: 'add_tags' };
  const facts = [
    ...profileFacts(before, toldProfile(user)),
    ...changeTags(user, tags, limits),
    ...(await changeAttributes(tx, user, request.attributes ?? {}, limits)),
  ];
  emit(change, user.id, facts);
  return user;
}
