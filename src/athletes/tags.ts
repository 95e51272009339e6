/** An athlete's tags: labels in the order of their first use, each once. */

import type { Limits } from '../config/config.ts';
import { type FieldViolation, invalidFields } from '../errors/domain-error.ts';
import { textProblem } from '../filters/values.ts';
import type { Change } from '../store/change.ts';
import type { Fact } from '../store/entities/outbox-entry.ts';
import type { User } from '../store/entities/user.ts';
import { emit, fact } from '../store/outbox.ts';
import { lockedUser } from './users.ts';

export type TagLimits = Pick<Limits, 'tags' | 'tagCharacters'>;

/** What is wrong with each tag of a list in the request, with paths such as `add_tags[2]`. */
export function tagViolations(tags: readonly string[], path: string, limits: TagLimits): FieldViolation[] {
  const description = `must have 1 to ${limits.tagCharacters} characters, without blanks around them or control characters`;
  return tags.flatMap((tag, index) =>
    isTag(tag, limits.tagCharacters) ? [] : [{ field: `${path}[${index}]`, description }],
  );
}

function isTag(tag: string, most: number): boolean {
  return (
    tag !== '' &&
    tag.trim() === tag &&
    [...tag].length <= most &&
    !/\p{Cc}/u.test(tag) &&
    textProblem(tag) === undefined
  );
}

/** What becomes of the tags: first some go, then some come. */
export interface TagChange {
  readonly remove: readonly string[];
  readonly add: readonly string[];
  /** The request's field that adds tags. */
  readonly path: string;
}

/**
 * Changes the tags of an athlete whose lock is held, and gives the facts of what really changed. VALIDATION_FAILED
 * when there would be more than `limits.tags`.
 */
export function changeTags(user: User, { remove, add, path }: TagChange, limits: TagLimits): Fact[] {
  const before = new Set(user.tags);
  const removed = canonical(remove).filter((tag) => before.has(tag));
  const kept = user.tags.filter((tag) => !removed.includes(tag));
  const added = canonical(add).filter((tag) => !kept.includes(tag));
  if (kept.length + added.length > limits.tags) {
    throw invalidFields([
      { field: path, description: `must leave the athlete with ${limits.tags} tags or less` },
    ]);
  }
  if (removed.length + added.length > 0) {
    user.tags = [...kept, ...added];
  }
  return [
    ...removed.map((tag) => fact('tag_removed', { tag })),
    ...added.map((tag) => fact('tag_added', { tag })),
  ];
}

/** As filters compare them: in Unicode's form NFC. */
function canonical(tags: readonly string[]): string[] {
  return [...new Set(tags.map((tag) => tag.normalize('NFC')))];
}

/** Gives the athlete a tag, which is a valid one; false: it is there already. USER_NOT_FOUND, VALIDATION_FAILED. */
export function addTag(change: Change, userId: string, tag: string, limits: TagLimits): Promise<boolean> {
  return changeOneTag(change, userId, { remove: [], add: [tag], path: 'tag' }, limits);
}

/** Takes a tag from the athlete; false: it is not there. USER_NOT_FOUND. */
export function removeTag(change: Change, userId: string, tag: string, limits: TagLimits): Promise<boolean> {
  return changeOneTag(change, userId, { remove: [tag], add: [], path: 'tag' }, limits);
}

async function changeOneTag(
  change: Change,
  userId: string,
  tags: TagChange,
  limits: TagLimits,
): Promise<boolean> {
  const user = await lockedUser(change.tx, userId);
  const facts = changeTags(user, tags, limits);
  emit(change, user.id, facts);
  if (facts.length > 0) {
    user.updatedAt = change.now;
  }
  return facts.length > 0;
}
