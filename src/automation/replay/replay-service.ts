/**
 * EventService.ReplayEvents on the wire; separate from the other methods because events must not import
 * automation.
 */
import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { callContextOf } from '../../calls/call-context.ts';
import type { ServiceDeps } from '../../calls/calls.ts';
import { type EventService, ReplayEventsResponseSchema } from '../../gen/automation/v1/event_service_pb.ts';
import { type CandidateIndex, createCandidateIndex } from '../evaluation/candidate-index.ts';
import { replayEvents } from './replay-events.ts';

export interface ReplayServiceDeps extends ServiceDeps {
  /** The candidate index of the process; by default a new one. */
  readonly candidates?: CandidateIndex;
}

/** The contract of the method is in event_service.proto. */
export function createReplayService({
  database,
  clock,
  config: { limits },
  candidates = createCandidateIndex(limits),
}: ReplayServiceDeps): Pick<ServiceImpl<typeof EventService>, 'replayEvents'> {
  return {
    async replayEvents(request, context) {
      const { accountId, deadlineAtMs, signal } = callContextOf(context);
      const deps = { database, clock, candidates, limits };
      const counts = await replayEvents(deps, accountId, request, { deadlineAtMs, signal });
      return create(ReplayEventsResponseSchema, counts);
    },
  };
}
