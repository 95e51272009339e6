/** A client of each service. */
import { createClient } from '@connectrpc/connect';
import { EventService } from '../../../src/gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { ProgramService } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { transport } from './transport.ts';

export const events = createClient(EventService, transport);
export const programs = createClient(ProgramService, transport);
export const progressions = createClient(ProgressionService, transport);
export const triggers = createClient(TriggerService, transport);
export const workflows = createClient(WorkflowService, transport);
