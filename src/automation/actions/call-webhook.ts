/** Action call_webhook: notifies another system of the run. */
import type { JsonObject } from '@bufbuild/protobuf';
import type { Action } from '../../gen/automation/v1/action_pb.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { type ActionType, type Step, StepRefusal, stepId } from './step.ts';
import { isWebhookSecret } from './webhook-port.ts';

/** The event type of every message, which tells it from other messages of a receiver. */
const MESSAGE_TYPE = 'workflow.step';

export const callWebhook: ActionType<'callWebhook'> = {
  kind: 'CALL',
  async call({ webhooks, secrets: known }, step, { url, secret, signingSecrets, data }, now) {
    const secrets = [
      ...(secret ? [secret] : []),
      ...signingSecrets.map((name) => requireKey(known.get(name))),
    ];
    const body = JSON.stringify(messageOf(step, data));
    const { accountId } = step;
    const timestampS = secondsOf(now);
    const answer = await webhooks.post({ accountId, url, secrets, body, id: stepId(step), timestampS });
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

/** The names of the account's secrets that the action sends or signs with. */
export function secretNamesOf(action: Action['action']): readonly string[] {
  return action.case === 'callWebhook' ? action.value.signingSecrets : [];
}

/** Throws StepRefusal for a secret that is missing or cannot sign. */
function requireKey(secret: string | undefined): string {
  if (secret === undefined) {
    throw new StepRefusal('SECRET_MISSING');
  }
  if (!isWebhookSecret(secret)) {
    throw new StepRefusal('SECRET_INVALID');
  }
  return secret;
}

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
