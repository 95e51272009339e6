/** HandleCycleComplete: an athlete completed a cycle. */
import { create } from '@bufbuild/protobuf';
import { invalidFields } from '../errors/domain-error.ts';
import {
  HandleCycleCompleteResponseSchema,
  ProgressionService,
} from '../gen/progression/v1/progression_service_pb.ts';
import { duplicateOutcome, outcomeMessage } from './engine/outcome-message.ts';
import { occurredAtOf, present, type TriggerMethod } from './engine/submit-trigger.ts';

type Method = typeof ProgressionService.method.handleCycleComplete;

export const handleCycleComplete: TriggerMethod<Method['input'], Method['output']> = {
  method: ProgressionService.method.handleCycleComplete,
  read({ userId, cycle, occurredAt, validateOnly }, { receivedAt }, limits) {
    const { completedCycle, newCycle, totalWeeks } = present(cycle, 'cycle');
    if (newCycle !== completedCycle + 1) {
      throw invalidFields([{ field: 'cycle.new_cycle', description: 'must be completed_cycle + 1' }]);
    }
    return {
      userId,
      occurredAt: occurredAtOf(occurredAt, 'occurred_at', receivedAt, limits),
      isValidateOnly: validateOnly,
      detail: { type: 'CYCLE_COMPLETED', completedCycle, newCycle, totalWeeks },
    };
  },
  answer: (handled) => create(HandleCycleCompleteResponseSchema, { outcome: outcomeMessage(handled) }),
  answerDuplicate: ({ outcome }) =>
    create(HandleCycleCompleteResponseSchema, { outcome: duplicateOutcome(outcome) }),
};
