/** An account for tests of automation: all of its services on one database handle, without a port. */

import { fromJson, type JsonValue, type MessageInitShape } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { type Client, createClient } from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import { createUserService } from '../../src/athletes/user-service.ts';
import { createAuditService } from '../../src/audit/audit-service.ts';
import { createConfigurationChecks } from '../../src/automation/configuration/validation/configuration-checks.ts';
import { automationHistory } from '../../src/automation/forget-athlete.ts';
import { createPublishingService } from '../../src/automation/publishing/publishing-service.ts';
import { createReplayService } from '../../src/automation/replay/replay-service.ts';
import { createTriggerService } from '../../src/automation/trigger-service.ts';
import { createWorkflowService } from '../../src/automation/workflow-service.ts';
import { createProgramService } from '../../src/catalog/program-service.ts';
import { type Limits, readConfig } from '../../src/config/config.ts';
import { createEventService } from '../../src/events/event-service.ts';
import { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../../src/gen/automation/v1/trigger_service_pb.ts';
import {
  type CreateWorkflowRequestSchema,
  type Workflow,
  WorkflowService,
} from '../../src/gen/automation/v1/workflow_service_pb.ts';
import { AuditService } from '../../src/gen/progression/v1/audit_service_pb.ts';
import { ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { createProgressionService } from '../../src/progression/service.ts';
import { authenticateByHeaders } from '../../src/server/access/authenticator.ts';
import type { Database } from '../../src/store/database.ts';
import type { Standby } from '../../src/store/standby.ts';
import { type Clock, instantFromText } from '../../src/values/instant.ts';
import { type CatalogClient, TEST_NOW } from './catalog-client.ts';
import { present } from './catalog-fixtures.ts';
import { createServiceTransport } from './service-transport.ts';

/** Can be used as a CatalogClient, so that the fixtures of the catalogue work with it. */
export interface AutomationClient extends CatalogClient {
  readonly workflows: Client<typeof WorkflowService>;
  readonly triggers: Client<typeof TriggerService>;
  readonly events: Client<typeof EventService>;
  readonly progression: Client<typeof ProgressionService>;
}

export interface AutomationOptions {
  /** Absent: an account of its own. */
  readonly accountId?: string;
  /** Absent: a fixed clock at TEST_NOW. */
  readonly clock?: Clock;
  readonly limits?: Partial<Limits>;
  /** Variables that configure the server. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Absent: all permissions. */
  readonly roles?: readonly string[];
  /** Defects are logged from this level on; silent for tests that cause them on purpose. */
  readonly logLevel?: 'error' | 'silent';
  /** Absent: the primary answers every read. */
  readonly standby?: Standby;
  /** Absent: the server never drains. */
  readonly draining?: AbortSignal;
}

/** Clients of services of their own on the database, as one server process would have them. */
export function createAutomationClient(
  database: Database,
  {
    accountId = uuidv7(),
    clock = standStill,
    limits = {},
    environment = {},
    roles,
    logLevel = 'error',
    draining = new AbortController().signal,
    standby,
  }: AutomationOptions = {},
): AutomationClient {
  const defaults = readConfig(environment);
  // Long timeouts, because a busy machine is slow; tests of timeouts set their own.
  const waitMs = defaults.limits.maximumDeadlineMs;
  const timeouts = { defaultDeadlineMs: waitMs, queueWaitMs: waitMs, transactionWaitMs: waitMs };
  const config = { ...defaults, limits: { ...defaults.limits, ...timeouts, ...limits } };
  const deps = { database, clock, config, standby, reportError: () => undefined };
  const transport = createServiceTransport(
    {
      ...{ accountId, clock, limits: config.limits, logLevel, draining },
      furtherChecks: createConfigurationChecks(deps),
      authenticate: (evidence) => {
        const principal = authenticateByHeaders(evidence);
        return roles ? { ...principal, roles: [...roles] } : principal;
      },
    },
    (router) => {
      router.service(WorkflowService, createWorkflowService(deps));
      router.service(TriggerService, createTriggerService(deps));
      router.service(EventService, {
        ...createEventService(deps),
        ...createPublishingService(deps),
        ...createReplayService(deps),
      });
      router.service(ProgressionService, createProgressionService(deps));
      router.service(ProgramService, createProgramService(deps));
      router.service(UserService, createUserService({ ...deps, history: automationHistory }));
      router.service(AuditService, createAuditService(deps));
    },
  );
  return {
    accountId,
    workflows: createClient(WorkflowService, transport),
    triggers: createClient(TriggerService, transport),
    events: createClient(EventService, transport),
    progression: createClient(ProgressionService, transport),
    programs: createClient(ProgramService, transport),
    users: createClient(UserService, transport),
    audit: createClient(AuditService, transport),
  };
}

function standStill() {
  return instantFromText(TEST_NOW);
}

/** The initial values of a message, as a literal. */
export type Literal<T> = Extract<T, { $typeName?: undefined }>;

export type WorkflowInit = Literal<MessageInitShape<typeof CreateWorkflowRequestSchema>>;
export type TriggerInit = Literal<NonNullable<WorkflowInit['trigger']>>;

/** An action that adds a tag. */
export function addTag(tag: string) {
  return { action: { case: 'addTag', value: { tag } } } as const;
}

/** A trigger on tag_added. */
export function onTag(tag: string, more: TriggerInit = {}): TriggerInit {
  return { triggerEvent: 'tag_added', settings: { configuration: { tag } }, ...more };
}

/** A condition of a filter; numbers and lists as JSON has them. */
export function condition(field: string, operator: string, value?: JsonValue) {
  return { field, operator, ...(value === undefined ? {} : { value: jsonValue(value) }) };
}

/** A google.protobuf.Value. */
export function jsonValue(json: JsonValue) {
  return fromJson(ValueSchema, json);
}

/** Creates a DRAFT; by default it adds a tag after a missed session. */
export async function createWorkflow(
  { workflows }: AutomationClient,
  init: WorkflowInit = {},
): Promise<Workflow> {
  const request = {
    name: 'A workflow',
    trigger: { triggerEvent: 'session_missed' },
    actions: [addTag('missed')],
  };
  return present((await workflows.createWorkflow({ ...request, ...init })).workflow);
}

/** The same, ACTIVE. */
export async function createActiveWorkflow(
  client: AutomationClient,
  init: WorkflowInit = {},
): Promise<Workflow> {
  const { id: workflowId } = await createWorkflow(client, init);
  return present((await client.workflows.activateWorkflow({ workflowId })).workflow);
}
