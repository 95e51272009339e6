/** Lists, locks, discards and redrives dead letters. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { FilterQuery } from '@mikro-orm/core';
import { type RawBuilder, sql } from 'kysely';
import { enumName, enumValue } from '../calls/enum-name.ts';
import type { Limits } from '../config/config.ts';
import { DomainError, invalidFields } from '../errors/domain-error.ts';
import {
  type DeadLetterSchema,
  DeadLetterState,
  DeadLetterStateSchema,
  type DiscardDeadLettersRequest,
  EventService,
  type ListDeadLettersRequest,
  type RedriveDeadLettersRequest,
} from '../gen/automation/v1/event_service_pb.ts';
import { audit, type Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import { type DeadLetter, DeadLetterEntity } from '../store/entities/dead-letter.ts';
import { type Page, readPage } from '../store/page.ts';
import { type Instant, instantToTimestamp } from '../values/instant.ts';

/** The states that a dead letter can still leave. */
const OPEN = ['RETRYING', 'DEAD'];

/** Sorted by the time of the last failure, then id, descending. Errors: PAGE_TOKEN_INVALID. */
export function listDeadLetters(
  tx: Transaction,
  request: ListDeadLettersRequest,
  defaultPageSize: number,
): Promise<Page<DeadLetter>> {
  const { accountId, em } = tx;
  const { state, triggerId } = request;
  const states = state === DeadLetterState.UNSPECIFIED ? OPEN : [enumName(DeadLetterStateSchema, state)];
  const where: FilterQuery<DeadLetter> = {
    accountId,
    state: { $in: states },
    ...(triggerId ? { triggerId } : {}),
  };
  return readPage(
    {
      filter: ['ListDeadLetters', accountId, states.join(), triggerId],
      keyKinds: ['instant', 'uuid'],
      defaultPageSize,
      keyOf: (letter: DeadLetter) => [letter.lastFailedAt, letter.id],
      rows: (after, limit) =>
        em.find(DeadLetterEntity, after ? { $and: [where, isAfterCursor(after)] } : where, {
          orderBy: { lastFailedAt: 'desc', id: 'desc' },
          limit,
        }),
      count: () => em.count(DeadLetterEntity, where),
    },
    request,
  );
}

function isAfterCursor([lastFailedAt, id]: readonly [Instant, string]): FilterQuery<DeadLetter> {
  return { $or: [{ lastFailedAt: { $lt: lastFailedAt } }, { lastFailedAt, id: { $lt: id } }] };
}

export function deadLetterMessage(letter: DeadLetter): MessageInitShape<typeof DeadLetterSchema> {
  const { id, eventId, attempts, reason, message, nextAttemptAt } = letter;
  return {
    ...{ id, eventId, attempts, reason, message },
    triggerId: letter.triggerId ?? '',
    userId: letter.userId ?? '',
    state: enumValue(DeadLetterStateSchema, letter.state),
    firstFailedAt: instantToTimestamp(letter.firstFailedAt),
    lastFailedAt: instantToTimestamp(letter.lastFailedAt),
    ...(nextAttemptAt ? { nextAttemptAt: instantToTimestamp(nextAttemptAt) } : {}),
  };
}

export interface OpenLetter {
  readonly id: string;
  readonly userId: string | null;
  readonly state: 'RETRYING' | 'DEAD';
  readonly attempts: number;
}

/**
 * Locks the letters and returns the open ones. Errors: DEAD_LETTER_NOT_FOUND when the account never had one
 * of them.
 */
export async function lockLetters(tx: Transaction, letterIds: readonly string[]): Promise<OpenLetter[]> {
  const ids = [...new Set(letterIds)];
  const found = await lock(tx, sql`id = any(${ids}::uuid[])`, ids.length);
  const missing = ids.find((id) => !found.some((letter) => letter.id === id));
  if (missing !== undefined) {
    throw new DomainError('DEAD_LETTER_NOT_FOUND', `dead letter ${missing} does not exist`, {
      metadata: { deadLetterId: missing },
    });
  }
  return found.filter(({ state }) => state === 'RETRYING' || state === 'DEAD');
}

/** Locks at most `limit` letters in the state DEAD, of one trigger or of all. */
export function lockDeadLetters(tx: Transaction, triggerId: string, limit: number): Promise<OpenLetter[]> {
  const ofTrigger = triggerId ? sql`and trigger_id = ${triggerId}` : sql``;
  return lock(tx, sql`state = 'DEAD' ${ofTrigger}`, limit);
}

async function lock(
  { accountId, sql: db }: Transaction,
  condition: RawBuilder<unknown>,
  limit: number,
): Promise<OpenLetter[]> {
  const { rows } = await sql<OpenLetter>`
    select id, user_id as "userId", state, attempts from dead_letters
    where account_id = ${accountId} and ${condition}
    order by id
    limit ${limit}
    for update`.execute(db);
  return rows;
}

/** The new state of a letter. */
export interface LetterState {
  readonly state: 'RETRYING' | 'DISCARDED';
  readonly attempts?: number;
  readonly nextAttemptAt: Instant | null;
}

/** Changes locked letters and writes an audit entry for each. */
export function settleLetters(
  change: Change,
  letters: readonly OpenLetter[],
  next: LetterState,
  { action, reason }: { readonly action: string; readonly reason: string },
): void {
  const { em, accountId } = change.tx;
  for (const { id, userId, state, attempts } of letters) {
    em.assign(em.merge(DeadLetterEntity, { accountId, id, state, attempts }), next);
    audit(change, {
      action,
      targetType: 'dead_letter',
      targetId: id,
      ...(userId === null ? {} : { userId }),
      reason,
      before: { state, attempts },
      after: { state: next.state },
    });
  }
}

/**
 * Discards the open letters and returns their number; settled letters stay unchanged. Errors:
 * DEAD_LETTER_NOT_FOUND.
 */
export async function discardDeadLetters(
  change: Change,
  { deadLetterIds, reason }: DiscardDeadLettersRequest,
): Promise<number> {
  const letters = await lockLetters(change.tx, deadLetterIds);
  const { name: action } = EventService.method.discardDeadLetters;
  settleLetters(change, letters, { state: 'DISCARDED', nextAttemptAt: null }, { action, reason });
  return letters.length;
}

/**
 * Makes the letters due now with all attempts available, and returns their number; settled letters stay
 * unchanged. Errors: DEAD_LETTER_NOT_FOUND; VALIDATION_FAILED for a trigger together with ids.
 */
export async function redriveDeadLetters(
  change: Change,
  { deadLetterIds, triggerId }: RedriveDeadLettersRequest,
  { redrivenDeadLetters }: Pick<Limits, 'redrivenDeadLetters'>,
): Promise<number> {
  const { tx, now } = change;
  if (deadLetterIds.length > 0 && triggerId) {
    throw invalidFields([
      { field: 'trigger_id', description: 'must be empty together with dead_letter_ids' },
    ]);
  }
  const letters =
    deadLetterIds.length > 0
      ? await lockLetters(tx, deadLetterIds)
      : await lockDeadLetters(tx, triggerId, redrivenDeadLetters);
  const { name: action } = EventService.method.redriveDeadLetters;
  settleLetters(
    change,
    letters,
    { state: 'RETRYING', attempts: 0, nextAttemptAt: now },
    { action, reason: '' },
  );
  return letters.length;
}
