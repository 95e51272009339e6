/** Writes events to the outbox, in the transaction of the change that causes them. */
import type { Instant } from '../values/instant.ts';
import { newId } from '../values/new-id.ts';
import type { Change } from './change.ts';
import type { Transaction } from './database.ts';
import { type Cause, type Fact, type FactActor, OutboxEntryEntity } from './entities/outbox-entry.ts';
import { insertOnly } from './insert-only.ts';

/**
 * An event with a new id. `type` is a name of the event catalogue, `previous` the state before the change.
 */
export function fact(type: string, data: Record<string, unknown>, previous?: Record<string, unknown>): Fact {
  return previous ? { id: newId(), type, data, previous } : { id: newId(), type, data };
}

/** Where events come from, and when they occurred. */
export interface FactOrigin {
  /** Null for events that concern no athlete. */
  readonly userId: string | null;
  readonly actor: FactActor;
  readonly cause: Cause | null;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
}

/**
 * Adds one entry with these events, or none for no events. The athlete's lock is held: it defines the order
 * of acceptance.
 */
export function writeFacts(tx: Transaction, facts: Fact[], origin: FactOrigin): void {
  if (facts.length > 0) {
    tx.noteEntries();
    insertOnly(tx, OutboxEntryEntity, { accountId: tx.accountId, id: newId(), facts, ...origin });
  }
}

/**
 * The same for events of a change that occurred now, of an athlete or, with null, of the account's
 * configuration.
 */
export function emit({ tx, now, origin, observe }: Change, userId: string | null, facts: Fact[]): void {
  observe?.(facts);
  writeFacts(tx, facts, { userId, ...origin, occurredAt: now, recordedAt: now });
}
