/** WorkflowService on the wire: each method goes to the file of its name. */
import type { ServiceImpl } from '@connectrpc/connect';
import type { WorkflowService } from '../gen/automation/v1/workflow_service_pb.ts';
import type { ServiceDeps } from '../store/calls.ts';

/** The contract of each method is in workflow_service.proto. */
export function createWorkflowService(_deps: ServiceDeps): Partial<ServiceImpl<typeof WorkflowService>> {
  return {};
}
