/** HandleSessionComplete: an athlete completed a session. */
import { create } from '@bufbuild/protobuf';
import {
  HandleSessionCompleteResponseSchema,
  ProgressionService,
} from '../gen/progression/v1/progression_service_pb.ts';
import {
  addedOutcome,
  duplicateOutcome,
  outcomeMessage,
  withoutNotPerformed,
} from './engine/outcome-message.ts';
import { occurredAtOf, present, type TriggerMethod } from './engine/submit-trigger.ts';

type Method = typeof ProgressionService.method.handleSessionComplete;

export const handleSessionComplete: TriggerMethod<Method['input'], Method['output']> = {
  method: ProgressionService.method.handleSessionComplete,
  read({ userId, session, occurredAt, validateOnly }, { receivedAt }, limits) {
    const { sessionId, daySlug, weekNumber, liftsPerformed } = present(session, 'session');
    return {
      userId,
      occurredAt: occurredAtOf(occurredAt, 'occurred_at', receivedAt, limits),
      isValidateOnly: validateOnly,
      detail: { type: 'SESSION_COMPLETED', sessionId, daySlug, weekNumber, liftsPerformed },
    };
  },
  answer(handled, { includeNotPerformed }) {
    const outcome = outcomeMessage(handled);
    return create(HandleSessionCompleteResponseSchema, {
      outcome: includeNotPerformed ? outcome : withoutNotPerformed(outcome),
    });
  },
  answerDuplicate: ({ outcome }) =>
    create(HandleSessionCompleteResponseSchema, { outcome: duplicateOutcome(outcome) }),
  answerAgain: ({ outcome }, handled) =>
    create(HandleSessionCompleteResponseSchema, { outcome: addedOutcome(outcome, outcomeMessage(handled)) }),
};
