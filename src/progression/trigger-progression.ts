/** TriggerProgression: a person asks for one rule. */
import { create } from '@bufbuild/protobuf';
import { requireRequestId } from '../calls/once.ts';
import {
  ProgressionService,
  TriggerProgressionResponseSchema,
} from '../gen/progression/v1/progression_service_pb.ts';
import { duplicateOutcome, outcomeMessage } from './engine/outcome-message.ts';
import type { TriggerMethod } from './engine/submit-trigger.ts';

type Method = typeof ProgressionService.method.triggerProgression;

export const triggerProgression: TriggerMethod<Method['input'], Method['output']> = {
  method: ProgressionService.method.triggerProgression,
  read({ userId, progressionId, liftId, force, reason }, origin) {
    const requestId = requireRequestId(origin.requestId);
    const { actor, receivedAt } = origin;
    return {
      userId,
      occurredAt: receivedAt,
      isValidateOnly: false,
      detail: { type: 'MANUAL', progressionId, liftId: liftId || null, force, reason, actor, requestId },
    };
  },
  answer: (handled) => create(TriggerProgressionResponseSchema, { outcome: outcomeMessage(handled) }),
  answerDuplicate: ({ outcome }) =>
    create(TriggerProgressionResponseSchema, { outcome: duplicateOutcome(outcome) }),
};
