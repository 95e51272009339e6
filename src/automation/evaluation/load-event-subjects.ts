/** Loads the athletes of events, with the training that the candidate triggers of each event read. */
import { sql } from 'kysely';
import type { JsonObject } from '../../filters/filter.ts';
import type { Transaction } from '../../store/database.ts';
import { instantToText } from '../../values/instant.ts';
import type { AcceptedEvent } from '../decision/accepted-event.ts';
import { type CompiledTrigger, isReadable } from '../decision/compile-trigger.ts';
import { trainingSql } from '../event-types/training-document.ts';
import { TRAINING } from '../event-types/training-fields.ts';
import { loadSubjects, type Subject } from './load-subjects.ts';

/** An event and the triggers that are decided for it. */
export interface EventCandidates {
  readonly event: AcceptedEvent;
  readonly triggers: readonly CompiledTrigger[];
}

/** The athlete of one of the events as of the event's time; null when the athlete never existed. */
export type SubjectOf = (event: AcceptedEvent) => Subject | null;

/** Training costs a further query, when a trigger reads it. */
export async function loadEventSubjects(
  tx: Transaction,
  eventCandidates: readonly EventCandidates[],
): Promise<SubjectOf> {
  const userIds = eventCandidates.map(({ event }) => event.userId).filter((id) => id !== null);
  const subjects = await loadSubjects(tx, userIds);
  const training = await loadTraining(tx, eventCandidates);
  return (event) => {
    const subject = subjects.get(event.userId ?? '') ?? null;
    const trained = training.get(event);
    return subject && trained
      ? { ...subject, document: { ...subject.document, [TRAINING]: trained } }
      : subject;
  };
}

async function loadTraining(
  { accountId, sql: db }: Transaction,
  eventCandidates: readonly EventCandidates[],
): Promise<ReadonlyMap<AcceptedEvent, JsonObject>> {
  const asked = eventCandidates.filter(
    ({ event, triggers }) =>
      event.userId !== null && triggers.some((trigger) => trainingFieldsOf(trigger).length > 0),
  );
  if (asked.length === 0) {
    return new Map();
  }
  const fields = [...new Set(asked.flatMap(({ triggers }) => triggers.flatMap(trainingFieldsOf)))];
  const subject = { accountId: sql`${accountId}::uuid`, userId: sql`k.user_id`, at: sql`k.at` };
  const { rows } = await sql<{ training: JsonObject }>`
    select ${trainingSql(fields, subject)} as training
    from unnest(
      ${asked.map(({ event }) => event.userId)}::uuid[],
      ${asked.map(({ event }) => instantToText(event.occurredAt))}::timestamptz[]
    ) with ordinality as k(user_id, at, place)
    order by k.place`.execute(db);
  return new Map(asked.map(({ event }, index) => [event, rows[index]?.training ?? {}]));
}

function trainingFieldsOf({ rule }: CompiledTrigger) {
  return isReadable(rule) ? rule.trainingFields : [];
}
