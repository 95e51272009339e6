/** Tells of a dead letter whose attempts are used up, as the event `dead_lettered`. */
import type { Transaction } from '../../store/database.ts';
import { fact, writeFacts } from '../../store/outbox.ts';
import type { Instant } from '../../values/instant.ts';

export interface DeadLetter {
  readonly id: string;
  readonly eventId: string;
  readonly eventType: string;
  /** Null when the event failed as a whole. */
  readonly triggerId: string | null;
  readonly userId: string | null;
  readonly reason: string;
}

const DEAD_LETTERED = 'dead_lettered';

/** A dead letter of such an event is not told of, so that a trigger that always fails on them does not loop. */
export function tellOfDeadLetter(tx: Transaction, letter: DeadLetter, now: Instant): void {
  const { id, eventId, eventType, triggerId, userId, reason } = letter;
  if (eventType === DEAD_LETTERED) {
    return;
  }
  const data = {
    dead_letter_id: id,
    event_id: eventId,
    event_type: eventType,
    trigger_id: triggerId,
    reason,
  };
  writeFacts(tx, [fact(DEAD_LETTERED, data)], {
    userId,
    actor: 'AUTOMATION',
    cause: { rootEventId: eventId, causationId: eventId, depth: 1, chain: [] },
    occurredAt: now,
    recordedAt: now,
  });
}
