/** TriggerService on the wire: each method goes to the file of its name. */
import type { ServiceImpl } from '@connectrpc/connect';
import type { TriggerService } from '../gen/automation/v1/trigger_service_pb.ts';
import type { ServiceDeps } from '../store/calls.ts';

/** The contract of each method is in trigger_service.proto. */
export function createTriggerService(_deps: ServiceDeps): Partial<ServiceImpl<typeof TriggerService>> {
  return {};
}
