/** Writes occurrences as outbox entries that are addressed to their triggers, many in one statement. */
import { sql } from 'kysely';
import { v5 } from 'uuid';
import type { Transaction } from '../../store/database.ts';
import type { Fact } from '../../store/entities/outbox-entry.ts';
import { failpoint } from '../../store/failpoints.ts';
import { numberedRows } from '../../store/rows-to-insert.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import type { Occurrence } from './occurrence.ts';
import type { TimeTrigger } from './time-triggers.ts';

export interface FiredOccurrence {
  readonly trigger: TimeTrigger;
  readonly userId: string;
  readonly occurrence: Pick<Occurrence, 'key' | 'plannedAt'> & Partial<Occurrence>;
  /** It is too late to fire, and only recorded. */
  readonly isMissed: boolean;
}

/** The UUID namespace of occurrence event ids. */
const NAMESPACE = '6f0f1d1e-2d3a-5c57-9d0b-7a4c1b8e9f21';

/** A deterministic id: the same occurrence enters the log once, whichever process creates it. */
export function occurrenceEventId(
  accountId: string,
  triggerId: string,
  userId: string,
  occurrenceKey: string,
): string {
  return v5(`${accountId} ${triggerId} ${userId} ${occurrenceKey}`, NAMESPACE);
}

/** One entry for each occurrence. Entries that are already in the outbox stay as they are. */
export async function writeOccurrences(
  tx: Transaction,
  fired: readonly FiredOccurrence[],
  now: Instant,
): Promise<void> {
  if (fired.length === 0) {
    return;
  }
  const facts = fired.map((each) => factOf(tx.accountId, each));
  tx.noteEntries();
  await sql`
    insert into outbox (account_id, id, user_id, facts, actor, occurred_at, recorded_at)
    ${numberedRows(tx, [
      ['uuid', facts.map(({ id }) => id)],
      ['uuid', fired.map(({ userId }) => userId)],
      ['jsonb', facts.map((fact) => JSON.stringify([fact]))],
      ['text', 'SYSTEM'],
      ['timestamptz', fired.map(({ occurrence }) => instantToText(occurrence.plannedAt))],
      ['timestamptz', instantToText(now)],
    ])}
    on conflict (account_id, id) do nothing`.execute(tx.sql);
  failpoint('schedule-written');
}

/** The fields that the event catalogue declares. */
function factOf(accountId: string, { trigger, userId, occurrence, isMissed }: FiredOccurrence): Fact {
  const { key, plannedAt, date, years } = occurrence;
  const { schedule } = trigger;
  const data =
    schedule.kind === 'athlete_inactive'
      ? { days: schedule.days, ...(date === undefined ? {} : { last_session_on: date }) }
      : {
          ...('field' in schedule ? { field: schedule.field } : {}),
          ...(date === undefined ? {} : { date }),
          ...(years === undefined ? {} : { years }),
          planned_at: instantToText(plannedAt),
        };
  return {
    id: occurrenceEventId(accountId, trigger.id, userId, key),
    type: trigger.event,
    data: { ...data, ...(isMissed ? { missed: true } : {}) },
    triggerId: trigger.id,
    occurrenceKey: key,
  };
}
