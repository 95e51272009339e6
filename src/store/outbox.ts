/** Tells the event stream what is now true, in the transaction that made it so. */
import type { Instant } from '../values/instant.ts';
import { newId } from '../values/new-id.ts';
import type { Change } from './change.ts';
import type { Transaction } from './database.ts';
import { type Cause, type Fact, type FactActor, OutboxEntryEntity } from './entities/outbox-entry.ts';

/** A fact with an id of its own. The type is a name of the event catalogue, and `previous` the state before it. */
export function fact(type: string, data: Record<string, unknown>, previous?: Record<string, unknown>): Fact {
  return previous ? { id: newId(), type, data, previous } : { id: newId(), type, data };
}

/** Where facts come from and when they became true. */
export interface FactOrigin {
  /** Null for what concerns no athlete. */
  readonly userId: string | null;
  readonly actor: FactActor;
  readonly cause: Cause | null;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
}

/** Adds an entry of the athlete's; none for no facts. The athlete's lock is held: it makes the order of acceptance. */
export function writeFacts({ accountId, em }: Transaction, facts: Fact[], origin: FactOrigin): void {
  if (facts.length > 0) {
    em.create(OutboxEntryEntity, { accountId, id: newId(), facts, ...origin });
  }
}

/** The same for what a change did just now, to an athlete or, with null, to the account's own configuration. */
export function emit({ tx, now, origin }: Change, userId: string | null, facts: Fact[]): void {
  writeFacts(tx, facts, { userId, ...origin, occurredAt: now, recordedAt: now });
}
