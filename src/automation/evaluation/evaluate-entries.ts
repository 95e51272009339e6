/** Evaluates outbox entries in one transaction: decides, logs, enrolls, and removes the entries. */

import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { removeEvaluatedEntries, type WaitingEntry } from '../../events/outbox-entries.ts';
import type { JsonValue } from '../../filters/filter.ts';
import type { Transaction } from '../../store/database.ts';
import { failpoint, failpointBeforeCommit } from '../../store/failpoints.ts';
import type { Clock, Instant } from '../../values/instant.ts';
import { type AcceptedEvent, toAcceptedEvents } from '../decision/accepted-event.ts';
import type { Verdict } from '../decision/decide.ts';
import { encodeOutcomes, toEvaluation } from '../decision/evaluation-outcomes.ts';
import type { AccountTypes } from '../event-types/account-types.ts';
import { keepPlannedSessions } from '../time/planned-sessions.ts';
import { rescheduleAthlete, rescheduleByAccountZone } from '../time/reschedule.ts';
import type { AccountTriggers, CandidateIndex } from './candidate-index.ts';
import { type EvaluationLimits, evaluateEvents } from './evaluate-events.ts';
import {
  findLoggedEvents,
  findLoggedOccurrences,
  insertEvents,
  type OccurrenceId,
  toOccurrenceKeyText,
} from './insert-events.ts';
import { type ListeningRun, lockListeningRuns, tellListeningRuns } from './listening-runs.ts';
import type { EventCandidates } from './load-event-subjects.ts';
import type { RetryLimits } from './write-dead-letters.ts';
import { writeVerdicts } from './write-verdicts.ts';

export interface EntryEvaluation {
  readonly clock: Clock;
  readonly candidates: CandidateIndex;
  readonly limits: EvaluationLimits & RetryLimits & Pick<Limits, 'evaluatedCandidates' | 'lateOccurrenceMs'>;
  /** Entries are also relayed to an external bus, and stay in the outbox until then. */
  readonly isRelayed: boolean;
}

export interface EvaluatedEntries {
  readonly verdicts: readonly Verdict[];
  /** Number of entries that were evaluated, counted from the first one. */
  readonly count: number;
}

/**
 * Evaluates entries in order until they have `evaluatedCandidates` candidate triggers in all, and at least
 * one entry. The caller holds the partitions' locks; all writes are part of the transaction.
 */
export async function evaluateEntries(
  tx: Transaction,
  waiting: readonly WaitingEntry[],
  { clock, candidates, limits, isRelayed }: EntryEvaluation,
): Promise<EvaluatedEntries> {
  failpoint('evaluation-locked');
  const triggers = await candidates.load(tx);
  const now = clock();
  const { entries, eventCandidates } = selectEntries(waiting, triggers, limits.evaluatedCandidates);
  const looked = eventCandidates.filter(({ event, triggers }) => triggers.length > 0 || mayComeAgain(event));
  const unknown = await removeDuplicates(tx, looked);
  const fresh = unknown.filter(({ triggers }) => triggers.length > 0);
  const events = eventCandidates.map(({ event }) => event);
  const listening = await lockListeningRuns(tx, events);
  const verdicts = await evaluateEvents(tx, fresh, now, limits, events);
  const enrollmentIds = await writeVerdicts(tx, verdicts, { kind: 'LIVE', now, limits });
  failpoint('evaluation-decided');
  const entryIds = entries.map(({ id }) => id);
  const outcomes = outcomesByEvent(verdicts, enrollmentIds);
  const inserted = await insertEvents(tx, entryIds, outcomes, {
    ...{ now, removesEntries: !isRelayed, known: idsWithout(looked, unknown) },
  });
  if (fresh.some(({ event }) => !inserted.has(event.id))) {
    throw new DomainError('CONCURRENT_UPDATE', 'the same event was evaluated at the same time');
  }
  failpoint('evaluation-logged');
  const logged = events.filter(({ id }) => inserted.has(id));
  await tellRuns(tx, { listening, verdicts }, logged, { now, types: triggers.types });
  await keepPlannedSessions(tx, logged, limits);
  if (triggers.hasTimeTriggers()) {
    await rescheduleChangedAthletes(tx, events, now, limits);
  }
  if (isRelayed) {
    await removeEvaluatedEntries(tx, entryIds, { isRelayed });
  }
  await failpointBeforeCommit('evaluation-flushed', tx);
  return { verdicts, count: entries.length };
}

function selectEntries(waiting: readonly WaitingEntry[], triggers: AccountTriggers, mostCandidates: number) {
  const entries: WaitingEntry[] = [];
  const eventCandidates: EventCandidates[] = [];
  let taken = 0;
  for (const entry of waiting) {
    if (taken >= mostCandidates) {
      break;
    }
    entries.push(entry);
    for (const event of toAcceptedEvents(entry)) {
      const found = triggers.candidates(event);
      eventCandidates.push({ event, triggers: found });
      taken += found.length;
    }
  }
  return { entries, eventCandidates };
}

/** Runs that the batch has started may listen to its later events; they are written first. */
async function tellRuns(
  tx: Transaction,
  { listening, verdicts }: { listening: readonly ListeningRun[]; verdicts: readonly Verdict[] },
  events: readonly AcceptedEvent[],
  context: { readonly now: Instant; readonly types: AccountTypes },
): Promise<void> {
  const hasStarted = verdicts.some(({ exitEvents }) =>
    exitEvents.some((type) => events.some((event) => event.type === type)),
  );
  if (hasStarted) {
    await tx.em.flush();
  }
  const runs = hasStarted ? await lockListeningRuns(tx, events) : listening;
  await tellListeningRuns(tx, runs, events, context);
}

/** Events that can change an athlete's dates or time zone. */
const CHANGES_OF_ATHLETES = ['contact_created', 'contact_updated', 'custom_field_changed'];

async function rescheduleChangedAthletes(
  tx: Transaction,
  events: readonly AcceptedEvent[],
  now: Instant,
  limits: EntryEvaluation['limits'],
): Promise<void> {
  const changes = events.filter(({ type }) => CHANGES_OF_ATHLETES.includes(type));
  if (events.some(({ type }) => type === 'account_updated')) {
    await rescheduleByAccountZone(tx, now);
  }
  // All changes of an athlete are already stored, so one rescheduling from the first change on is enough.
  const byAthlete = Map.groupBy(changes, ({ userId }) => userId ?? '');
  // Sorted, so that transactions that reschedule several athletes do not deadlock.
  for (const userId of [...byAthlete.keys()].filter((id) => id !== '').sort()) {
    const [first] = byAthlete.get(userId) ?? [];
    if (first) {
      await rescheduleAthlete(tx, userId, first.recordedAt, limits);
    }
  }
}

/** The encoded verdicts by event id. */
function outcomesByEvent(
  verdicts: readonly Verdict[],
  enrollmentIds: ReadonlyMap<Verdict, string>,
): Map<string, JsonValue[]> {
  const byEvent = Map.groupBy(verdicts, ({ match }) => match.event.id);
  return new Map(
    [...byEvent].map(([eventId, ofEvent]) => [
      eventId,
      encodeOutcomes([toEvaluation(ofEvent, enrollmentIds)]),
    ]),
  );
}

/**
 * Whether another entry may have the same event: the service makes ids of version 7 for one fact each, and the ledger has
 * those that were published; other ids are made of what an event says.
 */
function mayComeAgain({ id, occurrenceKey }: AcceptedEvent): boolean {
  return id[14] !== '7' || occurrenceKey !== null;
}

/** The ids of all these events but those of `unknown`. */
function idsWithout(looked: readonly EventCandidates[], unknown: readonly EventCandidates[]): string[] {
  const left = new Set(looked.map(({ event }) => event.id));
  for (const { event } of unknown) {
    left.delete(event.id);
  }
  return [...left];
}

/** Removes events and occurrences that the log already has, and duplicates within the batch. */
async function removeDuplicates(
  tx: Transaction,
  eventCandidates: readonly EventCandidates[],
): Promise<readonly EventCandidates[]> {
  if (eventCandidates.length === 0) {
    return eventCandidates;
  }
  const events = eventCandidates.map(({ event }) => event);
  const knownIds = new Set(
    await findLoggedEvents(
      tx,
      events.map(({ id }) => id),
    ),
  );
  const names = events.map(toOccurrenceId).filter((name) => name !== null);
  const knownOccurrences = new Set(names.length > 0 ? await findLoggedOccurrences(tx, names) : []);
  return eventCandidates.filter(({ event }) => {
    const name = toOccurrenceId(event);
    const text = name && toOccurrenceKeyText(name);
    const isKnown = knownIds.has(event.id) || (text !== null && knownOccurrences.has(text));
    knownIds.add(event.id);
    if (text !== null) {
      knownOccurrences.add(text);
    }
    return !isKnown;
  });
}

function toOccurrenceId({ triggerId, userId, occurrenceKey }: AcceptedEvent): OccurrenceId | null {
  return triggerId !== null && userId !== null && occurrenceKey !== null
    ? { triggerId, userId, occurrenceKey }
    : null;
}
