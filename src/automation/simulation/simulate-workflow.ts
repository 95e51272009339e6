/** SimulateWorkflow: who would enter a workflow, and what each step would change. Its transaction is rolled back. */
import { create, type MessageInitShape, type JsonObject as ProtoObject } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { enumValue } from '../../calls/enum-name.ts';
import { DomainError } from '../../errors/domain-error.ts';
import type { JsonObject } from '../../filters/filter.ts';
import { TestTriggerRequestSchema } from '../../gen/automation/v1/trigger_service_pb.ts';
import {
  type SimulatedPeriod,
  type SimulatedRun,
  type SimulatedStepSchema,
  type SimulateWorkflowRequest,
  type SimulateWorkflowResponseSchema,
  StepOutcomeSchema,
} from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import type { Fact } from '../../store/entities/outbox-entry.ts';
import type { Workflow } from '../../store/entities/workflow.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import { lockPartitionOf } from '../../store/lock-partition.ts';
import { type Instant, instantToText, instantToTimestamp } from '../../values/instant.ts';
import { newId } from '../../values/new-id.ts';
import { liveTriggerOf, requireWorkflow } from '../configuration/workflows.ts';
import { compileTrigger, isCandidate, toStoredTrigger } from '../decision/compile-trigger.ts';
import { enrolls } from '../decision/decide.ts';
import { redactText, redactValue } from '../decision/redact-fields.ts';
import { toWireReason } from '../decision/verdict-reason.ts';
import { evaluateEvents } from '../evaluation/evaluate-events.ts';
import { loadSubjects } from '../evaluation/load-subjects.ts';
import { type AccountTypes, loadAccountTypes } from '../event-types/account-types.ts';
import { prepareTriggerTest } from '../inspection/prepare-trigger-test.ts';
import { loadStoredEvents } from '../replay/stored-events.ts';
import { readAssumptions } from './assumptions.ts';
import { type SimulatedStep, type SimulationDeps, simulateRun } from './simulate-run.ts';

type Response = MessageInitShape<typeof SimulateWorkflowResponseSchema>;

/** WORKFLOW_NOT_FOUND, WORKFLOW_INCOMPLETE without a trigger; see prepareTriggerTest for those of an event. */
export async function simulateWorkflow(
  tx: Transaction,
  { workflowId, scope }: SimulateWorkflowRequest,
  now: Instant,
  deps: SimulationDeps,
): Promise<Response> {
  const workflow = await requireWorkflow(tx, workflowId);
  const trigger = await liveTriggerOf(tx, workflow.id);
  if (!trigger) {
    throw new DomainError('WORKFLOW_INCOMPLETE', 'the workflow has no trigger', { metadata: { workflowId } });
  }
  switch (scope.case) {
    case 'run':
      return simulateOne(tx, { workflow, trigger }, scope.value, now, deps);
    case 'period':
      return simulatePeriod(tx, trigger, scope.value, now, deps);
    default:
      throw new TypeError('a simulation without a scope');
  }
}

/** As if the event happened again: runs of the athlete count for the policy. */
async function simulateOne(
  tx: Transaction,
  { workflow, trigger: stored }: { readonly workflow: Workflow; readonly trigger: WorkflowTrigger },
  { userId, event: asked, assumed }: SimulatedRun,
  now: Instant,
  deps: SimulationDeps,
): Promise<Response> {
  // Before other locks are taken, as evaluation does.
  await lockPartitionOf(tx, userId);
  const { limits } = deps.config;
  const assumptions = readAssumptions(assumed, workflow.actions, limits);
  const request = create(TestTriggerRequestSchema, { triggerId: stored.id, userId, event: asked });
  const { trigger, match } = await prepareTriggerTest(tx, request, now, limits);
  const id = newId();
  const event = {
    ...match.event,
    id,
    rootEventId: id,
    causationId: null,
    triggerId: null,
    occurrenceKey: null,
  };
  const [verdict] = isCandidate(trigger, match.event)
    ? await evaluateEvents(tx, [{ event, triggers: [trigger] }], now, limits, [event])
    : [];
  if (!verdict || !enrolls(verdict)) {
    return { reason: toWireReason(verdict?.reason ?? 'NOT_MATCHED') };
  }
  const types = await loadAccountTypes(tx);
  const steps = await simulateRun(tx, { verdict, assumptions }, now, deps);
  return {
    wouldEnroll: true,
    reason: toWireReason(verdict.reason),
    steps: steps.map((step) => stepMessage(step, types)),
    exitsLeftOut: workflow.exits.length > 0,
  };
}

function stepMessage(
  { outcome, reason, detail, taken, at, changes, ...step }: SimulatedStep,
  types: AccountTypes,
): MessageInitShape<typeof SimulatedStepSchema> {
  return {
    ...{ ...step, reason: reason ?? '', detail: detail ?? '', taken: taken ?? '' },
    outcome: enumValue(StepOutcomeSchema, outcome),
    at: instantToTimestamp(at),
    changes: changes.map((change) => changeMessage(change, types)),
  };
}

/** Personal values are redacted, also those of attributes. */
function changeMessage({ type, data, previous }: Fact, types: AccountTypes) {
  const eventType = types.eventType(type);
  const attribute = types.fields.find(({ path }) => path === `custom.${data.field_name}`);
  const redacted = (state: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(state as JsonObject).map(([name, value]) => [
        name,
        !eventType || types.isPersonal(eventType, name) || (attribute?.isPersonal && VALUES.includes(name))
          ? redactValue(value)
          : value,
      ]),
    ) as ProtoObject;
  return { type, data: redacted(data), ...(previous ? { previous: redacted(previous) } : {}) };
}

/** The fields of custom_field_changed that have the attribute's value. */
const VALUES = ['value', 'number_value'];

const DAY = 86_400_000_000n;
const MOST_DAYS = 30;

/** The events are decided in their order; each enrollment counts for those after it. */
async function simulatePeriod(
  tx: Transaction,
  stored: WorkflowTrigger,
  { days }: SimulatedPeriod,
  now: Instant,
  { config: { limits } }: SimulationDeps,
): Promise<Response> {
  const since = now - BigInt(days || MOST_DAYS) * DAY;
  const { rows } = await sql<{ id: string }>`
    select id from events
    where account_id = ${tx.accountId} and type = ${stored.triggerEvent} and user_id is not null
      and recorded_at >= ${instantToText(since)}::timestamptz and recorded_at <= ${instantToText(now)}::timestamptz
      and (trigger_id is null or trigger_id = ${stored.id})
    order by recorded_at desc
    limit ${limits.simulatedEvents + 1}`.execute(tx.sql);
  const events = await loadStoredEvents(
    tx,
    rows.slice(0, limits.simulatedEvents).map(({ id }) => id),
  );
  const trigger = compileTrigger(toStoredTrigger(stored), await loadAccountTypes(tx));
  const candidates = events.filter(({ event }) => isCandidate(trigger, event));
  const verdicts = await evaluateEvents(
    tx,
    candidates.map(({ event }) => ({ event, triggers: [trigger] })),
    now,
    limits,
  );
  const entering = [...new Set(verdicts.filter(enrolls).map(({ match }) => match.userId))];
  const blocked = verdicts.filter((verdict) => verdict.match.matched && !enrolls(verdict));
  const byReason = Map.groupBy(blocked, ({ reason }) => reason);
  const named = await loadSubjects(tx, entering.slice(0, limits.previewedAthletes));
  return {
    eventCount: events.length,
    matchedCount: verdicts.filter(({ match }) => match.matched).length,
    runCount: verdicts.filter(enrolls).length,
    athleteCount: entering.length,
    blocked: Object.fromEntries([...byReason].map(([reason, { length }]) => [reason, length])),
    sampleUsers: [...named].map(([userId, { document }]) => ({
      userId,
      name: redactText(String(document.name)),
    })),
    hasMoreEvents: rows.length > limits.simulatedEvents,
  };
}
