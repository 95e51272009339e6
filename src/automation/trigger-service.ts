/** The handlers of TriggerService: each method is in the file of its name. */
import type { ServiceImpl } from '@connectrpc/connect';
import { createCalls, type ServiceDeps } from '../calls/calls.ts';
import { TriggerService } from '../gen/automation/v1/trigger_service_pb.ts';
import { configureTrigger } from './configuration/configure-trigger.ts';
import { deleteTrigger, restoreTrigger } from './configuration/delete-trigger.ts';
import { configuredTriggerMessage, triggerMessage, triggerVersionMessage } from './configuration/messages.ts';
import { listTriggerVersions, rollbackTrigger } from './configuration/trigger-versions.ts';
import { updateTrigger } from './configuration/update-trigger.ts';
import { getTrigger, listTriggers } from './configuration/workflows.ts';
import { holdMessage, listHolds } from './evaluation/list-holds.ts';
import { releaseHold } from './evaluation/release-hold.ts';
import { defineEventType } from './event-types/define-event-type.ts';
import { defineField } from './event-types/define-field.ts';
import { accountFieldMessage, eventTypeMessage } from './event-types/event-type-message.ts';
import { listEventTypes, listFields } from './event-types/list-event-types.ts';
import { explainEvent } from './inspection/explain-event.ts';
import { getTriggerStats } from './inspection/get-trigger-stats.ts';
import { executionMessage } from './inspection/inspection-messages.ts';
import { listTriggerExecutions } from './inspection/list-trigger-executions.ts';
import { createPreviewCache, type PreviewCache } from './inspection/preview-cache.ts';
import { previewTrigger } from './inspection/preview-trigger.ts';
import { testTrigger } from './inspection/test-trigger.ts';
import { listNextOccurrences } from './time/list-next-occurrences.ts';

export interface TriggerServiceDeps extends ServiceDeps {
  /** Absent: a cache in the memory of the process. */
  readonly previews?: PreviewCache;
}

/** trigger_service.proto has the contract of each method. */
export function createTriggerService(deps: TriggerServiceDeps): Partial<ServiceImpl<typeof TriggerService>> {
  const { read, write } = createCalls(deps);
  const { method } = TriggerService;
  const { config } = deps;
  const { limits } = config;
  const { defaultPageSize } = limits;
  const previews = deps.previews ?? createPreviewCache(limits);
  return {
    configureTrigger: (request, context) =>
      write(method.configureTrigger, request, context, async (change) =>
        configuredTriggerMessage(await configureTrigger(change, request, config)),
      ),
    getTrigger: (request, context) =>
      read(context, async (tx) => ({ trigger: triggerMessage(await getTrigger(tx, request.triggerId)) })),
    updateTrigger: (request, context) =>
      write(method.updateTrigger, request, context, async (change) =>
        configuredTriggerMessage(await updateTrigger(change, request, config)),
      ),
    deleteTrigger: (request, context) =>
      write(method.deleteTrigger, request, context, async (change) => {
        await deleteTrigger(change, request);
        return {};
      }),
    restoreTrigger: (request, context) =>
      write(method.restoreTrigger, request, context, async (change) =>
        configuredTriggerMessage(await restoreTrigger(change, request.triggerId, config)),
      ),
    rollbackTrigger: (request, context) =>
      write(method.rollbackTrigger, request, context, async (change) =>
        configuredTriggerMessage(await rollbackTrigger(change, request, config)),
      ),
    listEventTypes: (request, context) =>
      read(context, async (tx) => {
        const types = await listEventTypes(tx, request.category);
        return { eventTypes: types.map(eventTypeMessage) };
      }),
    defineEventType: (request, context) =>
      write(method.defineEventType, request, context, async (change) => ({
        eventType: eventTypeMessage(await defineEventType(change, request, config.limits)),
      })),
    defineField: (request, context) =>
      write(method.defineField, request, context, async (change) => ({
        field: accountFieldMessage(await defineField(change, request.field, config.limits)),
      })),
    listFields: (_, context) =>
      read(context, async (tx) => ({ fields: (await listFields(tx)).map(accountFieldMessage) })),
    listTriggers: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listTriggers(tx, request, defaultPageSize);
        return { triggers: rows.map(triggerMessage), ...page };
      }),
    listTriggerVersions: (request, context) =>
      read(context, async (tx) => {
        const { rows, trigger, ...page } = await listTriggerVersions(tx, request, defaultPageSize);
        return { versions: rows.map((row) => triggerVersionMessage(trigger, row)), ...page };
      }),
    testTrigger: (request, context) =>
      write(method.testTrigger, request, context, (change) => testTrigger(change, request, limits)),
    previewTrigger: (request, context) =>
      read(context, (tx) => previewTrigger(tx, request, deps.clock(), { limits, cache: previews })),
    listTriggerExecutions: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listTriggerExecutions(tx, request, defaultPageSize);
        return { executions: rows.map(executionMessage), ...page };
      }),
    explainEvent: (request, context) => read(context, (tx) => explainEvent(tx, request.eventId)),
    getTriggerStats: (request, context) =>
      read(context, (tx) => getTriggerStats(tx, request, deps.clock(), limits)),
    listNextOccurrences: (request, context) =>
      read(context, (tx) => listNextOccurrences(tx, request, deps.clock(), limits)),
    listHolds: (request, context) =>
      read(context, async (tx) => {
        const { rows, ...page } = await listHolds(tx, request, deps.clock(), limits);
        return { holds: rows.map((row) => holdMessage(row, limits)), ...page };
      }),
    releaseHold: (request, context) =>
      write(method.releaseHold, request, context, async (change) => ({
        releasedCount: await releaseHold(change, request, limits),
      })),
  };
}
