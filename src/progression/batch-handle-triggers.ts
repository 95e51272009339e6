/** BatchHandleTriggers: many events in one call, each validated, handled and answered on its own. */
import { create, type DescMessage } from '@bufbuild/protobuf';
import type { CallContext } from '../calls/call-context.ts';
import { requireValid } from '../calls/message-validation.ts';
import type { Limits } from '../config/config.ts';
import { invalidFields } from '../errors/domain-error.ts';
import { toBatchError } from '../errors/error-table.ts';
import { forEachConcurrently } from '../flow/for-each-concurrently.ts';
import {
  type BatchHandleTriggersRequest,
  type BatchHandleTriggersResponse,
  BatchHandleTriggersResponseSchema,
  type BatchTrigger,
  type BatchTriggerResult,
  BatchTriggerResultSchema,
  BatchTriggerSchema,
} from '../gen/progression/v1/progression_service_pb.ts';
import { submitTrigger, type TriggerMethod } from './engine/submit-trigger.ts';
import type { CommandSequence } from './engine/trigger-command.ts';
import type { TriggerQueue } from './engine/trigger-queue.ts';
import { handleCycleComplete } from './handle-cycle-complete.ts';
import { handleSessionComplete } from './handle-session-complete.ts';
import { handleWeekAdvance } from './handle-week-advance.ts';
import { logSets } from './log-sets.ts';
import { triggerProgression } from './trigger-progression.ts';

export interface BatchDeps {
  readonly queue: TriggerQueue;
  readonly limits: Limits;
  /** Called with every error in a batch answer; logs the ones that are defects. */
  readonly reportError: (error: unknown) => void;
}

const TRIGGER_METHODS = {
  sessionComplete: handleSessionComplete,
  weekAdvance: handleWeekAdvance,
  cycleComplete: handleCycleComplete,
  logSets,
  triggerProgression,
} as const;

/**
 * Submits a window of the batch at a time, in order: the queue keeps the order per athlete and groups the rest, and
 * a large batch does not fill the queue that all calls share. The events of an athlete are a sequence: once the queue
 * has refused one of them and it may be retried, the later ones are refused with the same error.
 */
export async function batchHandleTriggers(
  deps: BatchDeps,
  { triggers }: BatchHandleTriggersRequest,
  call: CallContext,
): Promise<BatchHandleTriggersResponse> {
  const results: BatchTriggerResult[] = [];
  const sequences = new Map<string, CommandSequence>();
  const { batchedEvents } = deps.limits;
  await forEachConcurrently(triggers, { concurrency: batchedEvents }, async (trigger, position) => {
    results[position] = await handleOne(deps, trigger, call, sequenceOf(trigger, sequences));
  });
  const totalFailed = results.filter(({ result }) => result.case === 'error').length;
  return create(BatchHandleTriggersResponseSchema, {
    results,
    totalSucceeded: results.length - totalFailed,
    totalFailed,
  });
}

/** One for each athlete. */
function sequenceOf({ event }: BatchTrigger, sequences: Map<string, CommandSequence>): CommandSequence {
  const userId = event.value?.userId ?? '';
  const sequence = sequences.get(userId) ?? {};
  sequences.set(userId, sequence);
  return sequence;
}

async function handleOne(
  deps: BatchDeps,
  trigger: BatchTrigger,
  call: CallContext,
  sequence: CommandSequence,
): Promise<BatchTriggerResult> {
  const { event } = trigger;
  const requestId = trigger.requestId.toLowerCase();
  try {
    requireValid(BatchTriggerSchema, trigger);
    if (event.case === undefined) {
      throw invalidFields([{ field: 'event', description: 'is required' }]);
    }
    // The table pairs each case with the method of its message, which TypeScript cannot express when a union
    // indexes it.
    const method = TRIGGER_METHODS[event.case] as unknown as TriggerMethod<DescMessage, DescMessage>;
    const { response, isReplayed } = await submitTrigger(deps.queue, deps.limits, method, event.value, {
      ...call,
      requestId,
      sequence,
    });
    const result = { case: event.case, value: response } as BatchTriggerResult['result'];
    return create(BatchTriggerResultSchema, { requestId, replayed: isReplayed, result });
  } catch (error) {
    deps.reportError(error);
    return create(BatchTriggerResultSchema, {
      requestId,
      result: { case: 'error', value: toBatchError(error) },
    });
  }
}
