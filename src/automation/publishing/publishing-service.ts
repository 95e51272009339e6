/** EventService.PublishEvents on the wire. */
import type { ServiceImpl } from '@connectrpc/connect';
import { callContextOf } from '../../calls/call-context.ts';
import type { ServiceDeps } from '../../calls/calls.ts';
import type { EventService } from '../../gen/automation/v1/event_service_pb.ts';
import { publishEvents } from './publish-events.ts';

export interface PublishingServiceDeps extends ServiceDeps {
  /** Receives internal errors that refused a single event. */
  readonly reportError: (error: unknown) => void;
}

/** The contract of the method is in event_service.proto. */
export function createPublishingService(
  deps: PublishingServiceDeps,
): Pick<ServiceImpl<typeof EventService>, 'publishEvents'> {
  const publishing = { ...deps, limits: deps.config.limits };
  return {
    publishEvents: async ({ events }, context) => ({
      results: await publishEvents(publishing, callContextOf(context), events),
    }),
  };
}
