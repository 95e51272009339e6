/** Loads what a trigger test needs: the trigger, the athlete, and a stored or simulated event. */
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import { invalidFields } from '../../errors/domain-error.ts';
import type { JsonObject } from '../../filters/filter.ts';
import type { SimulatedEvent, TestTriggerRequest } from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import { userNotFound } from '../../store/lock-user.ts';
import { type Instant, instantOfField } from '../../values/instant.ts';
import { newId } from '../../values/new-id.ts';
import { requireNotDeleted, requireTrigger, requireWorkflow } from '../configuration/workflows.ts';
import type { AcceptedEvent } from '../decision/accepted-event.ts';
import { type CompiledTrigger, compileTrigger, toStoredTrigger } from '../decision/compile-trigger.ts';
import type { Evaluation } from '../decision/evaluation-outcomes.ts';
import { type Match, matchEvent } from '../decision/match-event.ts';
import type { VerdictReason } from '../decision/verdict-reason.ts';
import { loadEventSubjects } from '../evaluation/load-event-subjects.ts';
import { loadSubjects } from '../evaluation/load-subjects.ts';
import { type AccountTypes, loadAccountTypes } from '../event-types/account-types.ts';
import { validatePublishedData } from '../event-types/validate-event-data.ts';
import { eventNotFound, findEvent } from './find-event.ts';

export interface TriggerTest {
  readonly trigger: CompiledTrigger;
  readonly workflowStatus: string;
  readonly isActive: boolean;
  readonly match: Match;
  /** Null for a simulated event. */
  readonly eventId: string | null;
  /** The verdict of the event's real evaluation; null when there is none. */
  readonly earlierReason: VerdictReason | null;
  /** The enrollment that the event created; it does not count against itself. */
  readonly ownEnrollmentId: string | null;
}

/**
 * Errors: TRIGGER_NOT_FOUND, TRIGGER_DELETED, USER_NOT_FOUND; EVENT_NOT_FOUND also for an event of another
 * athlete; VALIDATION_FAILED for a simulated event that its type does not allow.
 */
export async function prepareTriggerTest(
  tx: Transaction,
  request: TestTriggerRequest,
  now: Instant,
  limits: Limits,
): Promise<TriggerTest> {
  const stored = await requireTrigger(tx, request.triggerId);
  requireNotDeleted(stored);
  const { status } = await requireWorkflow(tx, stored.workflowId);
  const types = await loadAccountTypes(tx);
  const trigger = compileTrigger(toStoredTrigger(stored), types);
  if (!(await loadSubjects(tx, [request.userId])).has(request.userId)) {
    throw userNotFound(request.userId);
  }
  const { event: asked } = request;
  const found = asked.case === 'eventId' ? await findEvent(tx, asked.value) : null;
  if (found && found.event.userId !== request.userId) {
    throw eventNotFound(found.event.id);
  }
  const simulated = asked.case === 'simulated' ? asked.value : undefined;
  const event =
    found?.event ?? simulateEvent(simulated, { stored, userId: request.userId, types, now, limits });
  const subjectOf = await loadEventSubjects(tx, [{ event, triggers: [trigger] }], found ? [] : [event]);
  const [match] = matchEvent(event, [trigger], subjectOf(event));
  if (!match) {
    throw new TypeError('The match of the event is missing');
  }
  return {
    trigger,
    match,
    workflowStatus: status,
    isActive: stored.isActive,
    eventId: found?.event.id ?? null,
    earlierReason:
      found?.evaluations.map((evaluation) => findEarlierReason(trigger, evaluation)).find((each) => each) ??
      null,
    ownEnrollmentId: found ? await findEnrollmentId(tx, found.event.id, trigger.id) : null,
  };
}

function findEarlierReason({ id, compact }: CompiledTrigger, { outcomes, notMatched }: Evaluation) {
  const outcome = outcomes.find(({ triggerId }) => triggerId === id);
  return (
    outcome?.reason ??
    (notMatched.some(({ idSuffix }) => idSuffix === compact.idSuffix) ? 'NOT_MATCHED' : undefined)
  );
}

interface SimulationInput {
  readonly stored: WorkflowTrigger;
  readonly userId: string;
  readonly types: AccountTypes;
  readonly now: Instant;
  readonly limits: Limits;
}

/**
 * Builds the simulated event. Without data it uses the sample of the event type and the values of the
 * trigger's configuration.
 */
function simulateEvent(
  simulated: SimulatedEvent | undefined,
  { stored, userId, types, now, limits }: SimulationInput,
): AcceptedEvent {
  const type = types.eventType(stored.triggerEvent);
  const configured = (stored.settings.configuration ?? {}) as JsonObject;
  const data = (simulated?.data as JsonObject | undefined) ?? { ...type?.sample, ...configured };
  const sampled = simulated?.data ? null : (type?.samplePrevious ?? null);
  const previous = (simulated?.previous as JsonObject | undefined) ?? sampled;
  const violations = type ? validatePublishedData(type, { data, previous }, limits) : [];
  if (violations.length > 0) {
    throw invalidFields(violations.map((each) => ({ ...each, field: `simulated.${each.field}` })));
  }
  const occurredAt = simulated?.occurredAt
    ? instantOfField(simulated.occurredAt, 'simulated.occurred_at')
    : now;
  const id = newId();
  return {
    ...{ id, userId, occurredAt, data, previous },
    type: stored.triggerEvent,
    recordedAt: now,
    sequence: 0n,
    position: 0,
    actor: 'SYSTEM',
    rootEventId: id,
    causationId: null,
    depth: 0,
    chain: [],
    triggerId: null,
    occurrenceKey: null,
  };
}

async function findEnrollmentId(
  { accountId, sql: db }: Transaction,
  eventId: string,
  triggerId: string,
): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select id from workflow_enrollments
    where account_id = ${accountId} and event_id = ${eventId} and trigger_id = ${triggerId}
      and state <> 'CANCELLED'`.execute(db);
  return rows[0]?.id ?? null;
}
