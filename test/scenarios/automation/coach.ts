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
  type Workflow,
  WorkflowEnrollmentStateSchema,
  WorkflowService,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { ProgramService } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import type { Database } from '../../../src/store/database.ts';

export interface WorkflowText {
  readonly name?: string;
  readonly trigger: JsonObject;
  readonly actions: JsonValue[];
}

export interface Coach {
  readonly accountId: string;
  readonly workflows: Client<typeof WorkflowService>;
  readonly triggers: Client<typeof TriggerService>;
  readonly events: Client<typeof EventService>;
  readonly users: Client<typeof UserService>;
  readonly programs: Client<typeof ProgramService>;
  readonly progression: Client<typeof ProgressionService>;
  /** Creates a workflow in the state DRAFT. */
  draft(text: WorkflowText): Promise<Workflow>;
  /** Creates a workflow and activates it. */
  activate(text: WorkflowText): Promise<Workflow>;
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
}

export const DAY = { seconds: 86_400 };

/** An action whose tag shows that it ran. */
export function tagging(tag: string): JsonObject {
  return { add_tag: { tag } };
}

export function createCoach(transport: Transport, database: Database, accountId: string): Coach {
  const workflows = createClient(WorkflowService, transport);
  const triggers = createClient(TriggerService, transport);
  const events = createClient(EventService, transport);
  const users = createClient(UserService, transport);

  const coach: Coach = {
    accountId,
    workflows,
    triggers,
    events,
    users,
    programs: createClient(ProgramService, transport),
    progression: createClient(ProgressionService, transport),
    async draft({ name = 'A workflow', trigger, actions }) {
      const request = read(CreateWorkflowRequestSchema, { name, trigger, actions });
      const { workflow } = await workflows.createWorkflow(request);
      return workflow as Workflow;
    },
    async activate(text) {
      const { id } = await coach.draft(text);
      const { workflow } = await workflows.activateWorkflow({ workflowId: id });
      return workflow as Workflow;
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
