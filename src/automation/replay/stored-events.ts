/** Reads events of the account's log, and evaluates them for triggers that have no verdict on them yet. */
import { sql } from 'kysely';
import type { EventRow } from '../../events/event-log.ts';
import type { JsonValue } from '../../filters/filter.ts';
import { mapInSlices } from '../../flow/slices.ts';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantFromText } from '../../values/instant.ts';
import type { AcceptedEvent } from '../decision/accepted-event.ts';
import { toIdSuffix } from '../decision/compact-trigger.ts';
import type { CompiledTrigger } from '../decision/compile-trigger.ts';
import type { Verdict } from '../decision/decide.ts';
import {
  decodeOutcomes,
  type Evaluation,
  encodeOutcomes,
  toEvaluation,
} from '../decision/evaluation-outcomes.ts';
import { type EvaluationLimits, evaluateEvents } from '../evaluation/evaluate-events.ts';
import type { RetryLimits } from '../evaluation/write-dead-letters.ts';
import { writeVerdicts } from '../evaluation/write-verdicts.ts';

export interface StoredEvent {
  readonly event: AcceptedEvent;
  /** In the order of evaluation. */
  readonly evaluations: readonly Evaluation[];
  readonly evaluatedAt: Instant;
}

interface StoredEventRow extends EventRow {
  chain: string[];
  trigger_id: string | null;
  occurrence_key: string | null;
  outcomes: JsonValue;
  evaluated_at: string;
}

/** Loads events in the order of acceptance; ids that the log does not have are missing in the result. */
export async function loadStoredEvents(
  { accountId, sql: db }: Transaction,
  eventIds: readonly string[],
): Promise<StoredEvent[]> {
  const { rows } = await sql<StoredEventRow>`
    select id, type, user_id, occurred_at, recorded_at, sequence, position, actor, data, previous, root_event_id,
      causation_id, depth, chain, trigger_id, occurrence_key, outcomes, evaluated_at
    from events
    where account_id = ${accountId} and id = any(${eventIds}::uuid[])
    order by sequence, position`.execute(db);
  return mapInSlices(rows, toStoredEvent);
}

function toStoredEvent(row: StoredEventRow): StoredEvent {
  const { id, type, position, actor, data, previous, depth, chain } = row;
  return {
    event: {
      ...{ id, type, position, actor, data, previous, depth, chain },
      userId: row.user_id,
      occurredAt: instantFromText(row.occurred_at),
      recordedAt: instantFromText(row.recorded_at),
      sequence: BigInt(row.sequence),
      rootEventId: row.root_event_id,
      causationId: row.causation_id,
      triggerId: row.trigger_id,
      occurrenceKey: row.occurrence_key,
    },
    evaluations: decodeOutcomes(row.outcomes),
    evaluatedAt: instantFromText(row.evaluated_at),
  };
}

/** Returns a function that tells whether a trigger has a verdict on the event; an ERROR is not a verdict. */
export function createVerdictLookup({ evaluations }: StoredEvent): (triggerId: string) => boolean {
  const outcomes = evaluations.flatMap((evaluation) => evaluation.outcomes);
  const decided = new Set(
    outcomes.filter(({ reason }) => reason !== 'ERROR').map(({ triggerId }) => triggerId),
  );
  const notMatched = new Set(
    evaluations.flatMap((evaluation) => evaluation.notMatched.map(({ idSuffix }) => idSuffix)),
  );
  return (triggerId) => decided.has(triggerId) || notMatched.has(toIdSuffix(triggerId));
}

/** Appends evaluations to the events; a new verdict of a trigger replaces its earlier errors. */
async function addEvaluations(
  { accountId, sql: db }: Transaction,
  added: readonly { readonly stored: StoredEvent; readonly evaluation: Evaluation }[],
): Promise<void> {
  const rows = added.map(({ stored, evaluation }) => {
    const decided = new Set(evaluation.outcomes.map(({ triggerId }) => triggerId));
    const earlier = stored.evaluations.map(({ outcomes, ...rest }) => ({
      ...rest,
      outcomes: outcomes.filter(({ triggerId }) => !decided.has(triggerId)),
    }));
    const kept = earlier.filter(({ outcomes, notMatched }) => outcomes.length + notMatched.length > 0);
    return { id: stored.event.id, outcomes: encodeOutcomes([...kept, evaluation]) };
  });
  await sql`
    update events e set outcomes = n.outcomes
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as n(id uuid, outcomes jsonb)
    where e.account_id = ${accountId} and e.id = n.id`.execute(db);
}

/** An event of the log and the triggers that need a verdict on it. */
export interface StoredEventCandidates {
  readonly stored: StoredEvent;
  readonly triggers: readonly CompiledTrigger[];
}

/**
 * Evaluates the events with their own time as the present. The caller has locked the athletes' partitions.
 * Returns all verdicts; records them all, except repeated errors of a trigger that had failed on the event
 * before.
 */
export async function evaluateStoredEvents(
  tx: Transaction,
  eventCandidates: readonly StoredEventCandidates[],
  recording: {
    readonly kind: 'LIVE' | 'REPLAY';
    readonly now: Instant;
    readonly limits: EvaluationLimits & RetryLimits;
  },
): Promise<Verdict[]> {
  const wanted = eventCandidates.map(({ stored, triggers }) => ({ event: stored.event, triggers }));
  const verdicts = await evaluateEvents(tx, wanted, recording.now, recording.limits);
  const failed = new Set(eventCandidates.flatMap(({ stored }) => listFailedTriggers(stored)));
  const recorded = verdicts.filter(
    (verdict) => verdict.reason !== 'ERROR' || !failed.has(toEventTriggerKey(verdict)),
  );
  const enrollmentIds = await writeVerdicts(tx, recorded, recording);
  const byEvent = Map.groupBy(recorded, ({ match }) => match.event.id);
  await addEvaluations(
    tx,
    eventCandidates.flatMap(({ stored }) => {
      const ofEvent = byEvent.get(stored.event.id);
      return ofEvent ? [{ stored, evaluation: toEvaluation(ofEvent, enrollmentIds) }] : [];
    }),
  );
  return verdicts;
}

function listFailedTriggers({ event, evaluations }: StoredEvent): string[] {
  const outcomes = evaluations.flatMap((evaluation) => evaluation.outcomes);
  return outcomes
    .filter(({ reason }) => reason === 'ERROR')
    .map(({ triggerId }) => `${event.id} ${triggerId}`);
}

function toEventTriggerKey({ match }: Verdict): string {
  return `${match.event.id} ${match.trigger.id}`;
}
