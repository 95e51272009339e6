/** EventService on the wire: each method goes to the file of its name. */
import type { ServiceImpl } from '@connectrpc/connect';
import type { EventService } from '../gen/automation/v1/event_service_pb.ts';
import type { ServiceDeps } from '../store/calls.ts';

/** The contract of each method is in event_service.proto. */
export function createEventService(_deps: ServiceDeps): Partial<ServiceImpl<typeof EventService>> {
  return {};
}
