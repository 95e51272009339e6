/** A server with every method of the API and no implementation: a call that is not refused is UNIMPLEMENTED. */
import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../../src/gen/automation/v1/workflow_service_pb.ts';
import { AuditService } from '../../src/gen/progression/v1/audit_service_pb.ts';
import { ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../server/test-server.ts';

export const SERVICES: readonly DescService[] = [
  ProgressionService,
  ProgramService,
  UserService,
  AuditService,
  WorkflowService,
  TriggerService,
  EventService,
];

export const METHODS: readonly DescMethod[] = SERVICES.flatMap((service) => service.methods);

/** `<service>/<method>` */
export function pathOf({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name}`;
}

export function startApiServer(options: TestServerOptions = {}): Promise<TestServer> {
  return startTestServer({
    routes(router) {
      for (const service of SERVICES) {
        router.service(service, {});
      }
    },
    ...options,
  });
}
