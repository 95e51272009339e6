/** The part of EventService that evaluates events again: events know nothing of what is made of them. */
import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { callContextOf } from '../../calls/call-context.ts';
import type { ServiceDeps } from '../../calls/calls.ts';
import { type EventService, ReplayEventsResponseSchema } from '../../gen/automation/v1/event_service_pb.ts';
import { type CandidateIndex, createCandidateIndex } from '../evaluation/candidate-index.ts';
import { replayEvents } from './replay-events.ts';

export interface ReplayServiceDeps extends ServiceDeps {
  /** The process's own; absent: another one. */
  readonly candidates?: CandidateIndex;
}

/** The contract is in event_service.proto. */
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
