/** EventService on the wire, for the methods that read the log and settle dead letters. */
import type { ServiceImpl } from '@connectrpc/connect';
import { callContextOf } from '../calls/call-context.ts';
import { createCalls, type ServiceDeps } from '../calls/calls.ts';
import { createKeyedLimiter } from '../flow/keyed-limiter.ts';
import { mapInSlices } from '../flow/slices.ts';
import { EventService } from '../gen/automation/v1/event_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import {
  deadLetterMessage,
  discardDeadLetters,
  listDeadLetters,
  redriveDeadLetters,
} from './dead-letters.ts';
import { eventMessage } from './event-log.ts';
import { listEvents } from './list-events.ts';
import { watchEvents } from './watch-events.ts';

type Methods = 'listEvents' | 'watchEvents' | 'listDeadLetters' | 'redriveDeadLetters' | 'discardDeadLetters';

/** The contract of each method is in event_service.proto. */
export function createEventService(deps: ServiceDeps): Pick<ServiceImpl<typeof EventService>, Methods> {
  const { read, write } = createCalls(deps);
  const { limits } = deps.config;
  const slots = createKeyedLimiter({ slots: limits.watchers, slotsPerKey: limits.watchersPerAccount });
  const watching = { database: deps.database, limits, slots };
  const { method } = EventService;
  return {
    async listEvents(request, context) {
      const find = (tx: Transaction) => listEvents(tx, request, limits.defaultPageSize);
      const { rows, nextPageToken } = await read(context, find);
      return { events: await mapInSlices(rows, eventMessage), nextPageToken };
    },
    watchEvents: (request, context) => watchEvents(watching, callContextOf(context), request),
    listDeadLetters: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listDeadLetters(tx, request, limits.defaultPageSize);
        return { deadLetters: rows.map(deadLetterMessage), ...page };
      }),
    redriveDeadLetters: (request, context) =>
      write(method.redriveDeadLetters, request, context, async (change) => ({
        redrivenCount: await redriveDeadLetters(change, request, limits),
      })),
    discardDeadLetters: (request, context) =>
      write(method.discardDeadLetters, request, context, async (change) => ({
        discardedCount: await discardDeadLetters(change, request),
      })),
  };
}
