/** A test client of one account: workflows as JSON, athletes, published events, and their results as text. */
import {
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type MessageShape,
} from '@bufbuild/protobuf';
import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { expect } from 'vitest';
import { enumName } from '../../../src/calls/enum-name.ts';
import {
  EventService,
  PublishEventsRequestSchema,
  PublishOutcome,
} from '../../../src/gen/automation/v1/event_service_pb.ts';
import {
  ConfigureTriggerRequestSchema,
  TriggerService,
  VerdictReasonSchema,
} from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import {
  CreateWorkflowRequestSchema,
  UpdateWorkflowRequestSchema,
  type UpdateWorkflowResponse,
  type Workflow,
  type WorkflowEnrollment,
  WorkflowEnrollmentStateSchema,
  WorkflowService,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { ProgramService } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import type { Database } from '../../../src/store/database.ts';

export interface WorkflowText {
  readonly name?: string;
  readonly tags?: string[];
  readonly trigger: JsonObject;
  readonly actions: JsonValue[];
  readonly exits?: JsonValue[];
}

export interface CoachClients {
  readonly workflows: Client<typeof WorkflowService>;
  readonly triggers: Client<typeof TriggerService>;
  readonly events: Client<typeof EventService>;
  readonly users: Client<typeof UserService>;
  readonly programs: Client<typeof ProgramService>;
  readonly progression: Client<typeof ProgressionService>;
}

export interface Coach extends CoachClients {
  readonly accountId: string;
  /** Creates a workflow in the state DRAFT. */
  draft(text: WorkflowText): Promise<Workflow>;
  /** Creates a workflow and activates it. */
  activate(text: WorkflowText): Promise<Workflow>;
  /** Changes the workflow, whatever its etag is. */
  update(workflow: Workflow, change: JsonObject): Promise<UpdateWorkflowResponse>;
  /** Creates an athlete; returns the id. */
  athlete(profile?: JsonObject): Promise<string>;
  /** Publishes one event, expects ACCEPTED, and returns the event's id. */
  publish(userId: string, type: string, data?: JsonObject, more?: JsonObject): Promise<string>;
  /** Waits until every accepted event is evaluated and every due step has run. */
  settle(): Promise<void>;
  /** Returns the athlete's tags. */
  tags(userId: string): Promise<string[]>;
  /** Returns the state of each run of the workflow for the athlete, oldest first. */
  runs(workflow: Workflow, userId: string): Promise<string[]>;
  /**
   * Returns the event's verdict for the workflow's trigger; undefined when the trigger was not a candidate.
   */
  verdict(eventId: string, workflow: Workflow): Promise<string | undefined>;
  /** The only run of the athlete in the workflow, as GetRun answers it. */
  run(workflow: Workflow, userId: string): Promise<WorkflowEnrollment>;
}

export const DAY = { seconds: 86_400 };

/** An action whose tag shows that it ran. */
export function tagging(tag: string): JsonObject {
  return { add_tag: { tag } };
}

/** A trigger on an event. */
export const on = (trigger_event: string, more: object = {}): JsonObject => ({ trigger_event, ...more });
/** A filter of conditions that all hold, as a part of a trigger or a step. */
export const all = (...conditions: object[]) =>
  ({ filter: { logic: 'FILTER_LOGIC_AND', conditions } }) as never;
/** The same of conditions of which one holds. */
export const any = (...conditions: object[]) =>
  ({ filter: { logic: 'FILTER_LOGIC_OR', conditions } }) as never;
export const when = (field: string, operator: string, value?: unknown) =>
  value === undefined ? { field, operator } : { field, operator, value };

export function clientsOf(transport: Transport): CoachClients {
  return {
    workflows: createClient(WorkflowService, transport),
    triggers: createClient(TriggerService, transport),
    events: createClient(EventService, transport),
    users: createClient(UserService, transport),
    programs: createClient(ProgramService, transport),
    progression: createClient(ProgressionService, transport),
  };
}

export function createCoach(clients: CoachClients, database: Database, accountId: string): Coach {
  const { workflows, triggers, events, users } = clients;
  const coach: Coach = {
    ...clients,
    accountId,
    async draft({ name = 'A workflow', ...text }) {
      const request = read(CreateWorkflowRequestSchema, { name, ...text } as JsonObject);
      const { workflow } = await workflows.createWorkflow(request);
      return workflow as Workflow;
    },
    async activate(text) {
      const { id } = await coach.draft(text);
      const { workflow } = await workflows.activateWorkflow({ workflowId: id });
      return workflow as Workflow;
    },
    async update({ id }, change) {
      const { workflow } = await workflows.getWorkflow({ workflowId: id });
      const request = { workflow_id: id, etag: workflow?.etag ?? '', ...change };
      return workflows.updateWorkflow(read(UpdateWorkflowRequestSchema, request));
    },
    async athlete(profile = {}) {
      const { user } = await users.createUser({ name: 'An athlete', ...profile });
      return `${user?.id}`;
    },
    async publish(userId, type, data = {}, more = {}) {
      const id = uuidv7();
      const request = read(PublishEventsRequestSchema, {
        events: [{ id, type, user_id: userId, data, ...more }],
      });
      const { results } = await events.publishEvents(request);
      expect(results.map(({ outcome, error }) => ({ outcome, error }))).toEqual([
        { outcome: PublishOutcome.ACCEPTED, error: undefined },
      ]);
      return id;
    },
    async settle() {
      await expect.poll(() => countOpenWork(database, accountId), { timeout: 20_000 }).toBe(0);
    },
    async tags(userId) {
      return (await users.getUser({ userId })).user?.tags ?? [];
    },
    async runs({ id: workflowId }, userId) {
      const { enrollments } = await workflows.listWorkflowEnrollments({ workflowId, userId });
      return enrollments.map(({ state }) => enumName(WorkflowEnrollmentStateSchema, state)).toReversed();
    },
    async verdict(eventId, { trigger }) {
      const { verdicts } = await triggers.explainEvent({ eventId });
      const own = verdicts.find(({ triggerId }) => triggerId === trigger?.id);
      return own && enumName(VerdictReasonSchema, own.reason);
    },
    async run({ id: workflowId }, userId) {
      const { enrollments } = await workflows.listWorkflowEnrollments({ workflowId, userId });
      expect(enrollments).toHaveLength(1);
      const { run } = await workflows.getRun({ runId: enrollments[0]?.id ?? '' });
      return run as WorkflowEnrollment;
    },
  };
  return coach;
}

/** Reads a request from proto3 JSON. */
export function read<D extends DescMessage>(schema: D, json: JsonObject): MessageShape<D> {
  return fromJson(schema, json);
}

export function configureTriggerRequest(workflowId: string, trigger: JsonObject) {
  return read(ConfigureTriggerRequestSchema, { workflow_id: workflowId, trigger });
}

function countOpenWork(database: Database, accountId: string): Promise<number> {
  return database.transaction(accountId, async (tx) => {
    const { rows } = await sql<{ left: number }>`
      select (select count(*) from outbox where account_id = ${accountId})::int
        + (select count(*) from workflow_enrollments where account_id = ${accountId}
           and state in ('TRIGGERED', 'ACTIVE') and due_at <= now())::int as left`.execute(tx.sql);
    return rows[0]?.left ?? -1;
  });
}
