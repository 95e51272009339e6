/**
 * RedriveDeadLetters and DiscardDeadLetters: lock dead letters, change those that are open, and audit each
 * change.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Limits } from '../config/config.ts';
import { DomainError, invalidFields } from '../errors/domain-error.ts';
import {
  type DiscardDeadLettersRequest,
  EventService,
  type RedriveDeadLettersRequest,
} from '../gen/automation/v1/event_service_pb.ts';
import { audit, type Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import { DeadLetterEntity } from '../store/entities/dead-letter.ts';
import type { Instant } from '../values/instant.ts';

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
