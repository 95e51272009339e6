/** HandleWeekAdvance: an athlete completed a week. */
import { create } from '@bufbuild/protobuf';
import { invalidFields } from '../errors/domain-error.ts';
import {
  HandleWeekAdvanceResponseSchema,
  ProgressionService,
} from '../gen/progression/v1/progression_service_pb.ts';
import { duplicateOutcome, outcomeMessage } from './engine/outcome-message.ts';
import { occurredAtOf, present, type TriggerMethod } from './engine/submit-trigger.ts';

type Method = typeof ProgressionService.method.handleWeekAdvance;

export const handleWeekAdvance: TriggerMethod<Method['input'], Method['output']> = {
  method: ProgressionService.method.handleWeekAdvance,
  read({ userId, week, occurredAt, validateOnly }, { receivedAt }, limits) {
    const { previousWeek, newWeek, cycleIteration } = present(week, 'week');
    if (newWeek !== previousWeek + 1 && newWeek !== 1) {
      throw invalidFields([
        { field: 'week.new_week', description: 'must be previous_week + 1, or 1 after the last week' },
      ]);
    }
    return {
      userId,
      occurredAt: occurredAtOf(occurredAt, 'occurred_at', receivedAt, limits),
      isValidateOnly: validateOnly,
      detail: { type: 'WEEK_ADVANCED', previousWeek, newWeek, cycleIteration },
    };
  },
  answer: (handled) => create(HandleWeekAdvanceResponseSchema, { outcome: outcomeMessage(handled) }),
  answerDuplicate: ({ outcome }) =>
    create(HandleWeekAdvanceResponseSchema, { outcome: duplicateOutcome(outcome) }),
};
