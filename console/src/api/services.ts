/** The services of the API, by their descriptors. */
import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { EventService } from '../../../src/gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { AuditService } from '../../../src/gen/progression/v1/audit_service_pb.ts';
import { ProgramService } from '../../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';

export const SERVICES: readonly DescService[] = [
  ProgressionService,
  ProgramService,
  UserService,
  AuditService,
  WorkflowService,
  TriggerService,
  EventService,
];

export function findMethod(service: string, method: string): DescMethod | undefined {
  return SERVICES.find(({ typeName }) => typeName === service)?.methods.find(({ name }) => name === method);
}
