/** An athlete's tags: unique labels in the order in which they were added. Workflows have tags of the same form. */

import type { Limits } from '../config/config.ts';
import { type FieldViolation, invalidFields } from '../errors/domain-error.ts';
import { describeTextProblem } from '../filters/typed-values.ts';
import type { Change } from '../store/change.ts';
import type { Fact } from '../store/entities/outbox-entry.ts';
import type { User } from '../store/entities/user.ts';
import { emit, fact } from '../store/outbox.ts';
import { lockedUser } from './users.ts';

export type TagLimits = Pick<Limits, 'tags' | 'tagCharacters'>;

/** Violations of a request's tags, with paths such as `add_tags[2]`. */
export function tagViolations(
  tags: readonly string[],
  path: string,
  limits: Pick<TagLimits, 'tagCharacters'>,
): FieldViolation[] {
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
    describeTextProblem(tag) === undefined
  );
}

/** A change of tags: removals come before additions. */
export interface TagChange {
  readonly remove: readonly string[];
  readonly add: readonly string[];
  /** The request's field that adds tags, for field paths. */
  readonly path: string;
}

/**
 * Changes the tags of a locked athlete, and returns the events of real changes. Throws VALIDATION_FAILED when
 * there would be more than `limits.tags`.
 */
export function changeTags(user: User, { remove, add, path }: TagChange, limits: TagLimits): Fact[] {
  const before = new Set(user.tags);
  const removed = canonicalTags(remove).filter((tag) => before.has(tag));
  const kept = user.tags.filter((tag) => !removed.includes(tag));
  const added = canonicalTags(add).filter((tag) => !kept.includes(tag));
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

/** Each once, in Unicode NFC, the form in which filters compare tags. */
export function canonicalTags(tags: readonly string[]): string[] {
  return [...new Set(tags.map((tag) => tag.normalize('NFC')))];
}

/** Adds a valid tag; returns false when the athlete has it. USER_NOT_FOUND, VALIDATION_FAILED. */
export function addTag(change: Change, userId: string, tag: string, limits: TagLimits): Promise<boolean> {
  return changeOneTag(change, userId, { remove: [], add: [tag], path: 'tag' }, limits);
}

/** Removes a tag; returns false when the athlete does not have it. USER_NOT_FOUND. */
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
