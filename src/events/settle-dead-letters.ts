/** What people decide about dead letters: locked, found open, changed, and on the audit trail. */
import { type RawBuilder, sql } from 'kysely';
import { DomainError } from '../domain-error.ts';
import type { Instant } from '../instant.ts';
import { audit, type Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import { DeadLetterEntity } from '../store/entities/dead-letter.ts';

export interface OpenLetter {
  readonly id: string;
  readonly userId: string | null;
  readonly state: 'RETRYING' | 'DEAD';
  readonly attempts: number;
}

/** Locks those of the letters that are open. DEAD_LETTER_NOT_FOUND when the account never had one of them. */
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

/** Locks at most `limit` letters that are DEAD: of the trigger, or of any. */
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

/** What a letter is from now on. */
export interface LetterState {
  readonly state: 'RETRYING' | 'DISCARDED';
  readonly attempts?: number;
  readonly nextAttemptAt: Instant | null;
}

/** Changes locked letters, each with its entry in the audit trail. */
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
