/** Action call_webhook: notifies another system of the run. */
import type { JsonObject } from '@bufbuild/protobuf';
import { type Instant, instantToText } from '../../values/instant.ts';
import { type ActionType, type Step, StepRefusal, stepId } from './step.ts';

/** The event type of every message, which tells it from other messages of a receiver. */
const MESSAGE_TYPE = 'workflow.step';

export const callWebhook: ActionType<'callWebhook'> = {
  kind: 'CALL',
  async call({ webhooks }, step, { url, secret, data }, now) {
    const body = JSON.stringify(messageOf(step, data));
    const { accountId } = step;
    const timestampS = secondsOf(now);
    const answer = await webhooks.post({ accountId, url, secret, body, id: stepId(step), timestampS });
    switch (answer.kind) {
      case 'ACCEPTED':
        return 'DONE';
      case 'TRY_AGAIN':
        return { tryAgain: answer.reason };
      case 'REFUSED':
        throw new StepRefusal(answer.reason);
    }
  },
};

/** The same for each attempt. */
function messageOf(step: Step, data: JsonObject | undefined) {
  return {
    type: MESSAGE_TYPE,
    timestamp: instantToText(step.reachedAt),
    data: {
      workflow_id: step.workflowId,
      enrollment_id: step.enrollmentId,
      step: step.step,
      user_id: step.userId,
      event: step.event,
      data: data ?? {},
    },
  };
}

function secondsOf(instant: Instant): number {
  return Number(instant / 1_000_000n);
}
