/** Retries due dead letters: a single trigger on its event, or an entry as a whole. */
import { sql } from 'kysely';
import { readWaitingEntry } from '../../events/outbox-entries.ts';
import type { Transaction } from '../../store/database.ts';
import { lockPartitionOf } from '../../store/lock-partition.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { newId } from '../../values/new-id.ts';
import { createVerdictLookup, evaluateStoredEvents, loadStoredEvents } from '../replay/stored-events.ts';
import { evaluateEntries } from './evaluate-entries.ts';
import { describeFailure, type Failure, isCausedByEvent } from './evaluation-failures.ts';
import type { EvaluatorDeps } from './evaluator.ts';
import { tellOfDeadLetter } from './tell-of-dead-letter.ts';
import { nextAttemptAt, toDeadLetterState, toFailure, toNullableText } from './write-dead-letters.ts';

export interface DeadLetterRetry {
  /** Retries the due dead letters, at most `retriedDeadLetters`. True when more may be due. */
  runOnce(): Promise<boolean>;
}

interface DueLetter {
  account_id: string;
  id: string;
}

interface Letter {
  id: string;
  event_id: string;
  event_type: string;
  trigger_id: string | null;
  user_id: string | null;
  attempts: number;
}

export function createDeadLetterRetry(deps: EvaluatorDeps): DeadLetterRetry {
  const { database, clock, limits } = deps;
  return {
    async runOnce() {
      const due = await database.acrossAccounts(
        async (across) =>
          (
            await sql<DueLetter>`
              select account_id, id from dead_letters
              where state = 'RETRYING' and next_attempt_at <= ${instantToText(clock())}::timestamptz
              order by next_attempt_at
              limit ${limits.retriedDeadLetters}`.execute(across)
          ).rows,
      );
      for (const { account_id, id } of due) {
        await retry(account_id, id);
      }
      return due.length === limits.retriedDeadLetters;
    },
  };

  async function retry(accountId: string, letterId: string): Promise<void> {
    try {
      await database.transaction(accountId, async (tx) => {
        const letter = await lockLetter(tx, letterId, clock());
        if (letter) {
          await recordAttempt(tx, letter, await retryLetter(tx, letter));
        }
      });
    } catch (error) {
      if (!isCausedByEvent(error)) {
        throw error;
      }
      deps.reportError(error);
      await database.transaction(accountId, async (tx) => {
        const letter = await lockLetter(tx, letterId, clock());
        if (letter) {
          await recordAttempt(tx, letter, describeFailure(error));
        }
      });
    }
  }

  /** Returns null when the dead letter is resolved. */
  async function retryLetter(tx: Transaction, letter: Letter): Promise<Failure | null> {
    if (letter.trigger_id === null) {
      const entryId = await returnToOutbox(tx, letter.id);
      await evaluateEntries(tx, await readWaitingEntry(tx, entryId), deps);
      return null;
    }
    return retryTrigger(tx, letter.event_id, letter.trigger_id);
  }

  /** A trigger that is no longer activated, or that already has a verdict on the event, needs no retry. */
  async function retryTrigger(tx: Transaction, eventId: string, triggerId: string): Promise<Failure | null> {
    const triggers = await deps.candidates.load(tx);
    const [stored] = await loadStoredEvents(tx, [eventId]);
    const trigger = stored && triggers.candidates(stored.event).find(({ id }) => id === triggerId);
    if (!trigger || createVerdictLookup(stored)(triggerId)) {
      return null;
    }
    const recording = { kind: 'LIVE', now: clock(), limits } as const;
    const [verdict] = await evaluateStoredEvents(tx, [{ stored, triggers: [trigger] }], recording);
    return verdict?.reason === 'ERROR' ? toFailure(verdict) : null;
  }

  async function recordAttempt(tx: Transaction, letter: Letter, failure: Failure | null): Promise<void> {
    const { accountId, sql: db } = tx;
    const { id, attempts } = letter;
    const now = clock();
    const nextAt = failure && nextAttemptAt(attempts + 1, now, limits);
    await (failure
      ? sql`
          update dead_letters set state = ${toDeadLetterState(nextAt)}, attempts = attempts + 1, reason = ${failure.reason},
            message = ${failure.message}, last_failed_at = ${instantToText(now)}, next_attempt_at = ${toNullableText(nextAt)}
          where account_id = ${accountId} and id = ${id}`
      : sql`
          update dead_letters set state = 'RESOLVED', next_attempt_at = null
          where account_id = ${accountId} and id = ${id}`
    ).execute(db);
    if (failure && nextAt === null) {
      const { event_id: eventId, event_type: eventType, trigger_id: triggerId, user_id: userId } = letter;
      tellOfDeadLetter(tx, { id, eventId, eventType, triggerId, userId, reason: failure.reason }, now);
    }
  }
}

/**
 * Locks the athlete's partition and returns the dead letter if it is still due; the row stays locked until
 * the transaction ends.
 */
async function lockLetter(tx: Transaction, letterId: string, now: Instant): Promise<Letter | undefined> {
  const { accountId, sql: db } = tx;
  const { rows: known } = await sql<{ user_id: string | null }>`
    select user_id from dead_letters where account_id = ${accountId} and id = ${letterId}`.execute(db);
  await lockPartitionOf(tx, known[0]?.user_id ?? accountId);
  const { rows } = await sql<Letter>`
    select id, event_id, coalesce(event ->> 'type', event -> 'facts' -> 0 ->> 'type', '') as event_type, trigger_id,
      user_id, attempts
    from dead_letters
    where account_id = ${accountId} and id = ${letterId} and state = 'RETRYING'
      and next_attempt_at <= ${instantToText(now)}::timestamptz
    for update`.execute(db);
  return rows[0];
}

/** Restores the entry of the dead letter in the outbox; returns the entry's new id. */
async function returnToOutbox(tx: Transaction, letterId: string): Promise<string> {
  const { accountId, sql: db } = tx;
  const id = newId();
  tx.noteEntries();
  await sql`
    insert into outbox (account_id, id, user_id, facts, actor, cause, occurred_at, recorded_at, sequence)
    select account_id, ${id}::uuid, user_id, event -> 'facts', event ->> 'actor', nullif(event -> 'cause', 'null'),
      (event ->> 'occurred_at')::timestamptz, (event ->> 'recorded_at')::timestamptz,
      (event ->> 'sequence')::bigint
    from dead_letters where account_id = ${accountId} and id = ${letterId}`.execute(db);
  return id;
}
