/** Action call_webhook: calls another system, or notifies it of the run. */
import type { JsonObject } from '@bufbuild/protobuf';
import { enumName } from '../../calls/enum-name.ts';
import { WebhookMethod, WebhookMethodSchema } from '../../gen/automation/v1/action_pb.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { keptBody } from './kept-answer.ts';
import { type ActionType, type ActionValue, type Step, StepRefusal, stepId } from './step.ts';
import { isWebhookSecret, WEBHOOK_SECRET_RULE } from './webhook-signature.ts';

/** The event type of every message, which tells it from other messages of a receiver. */
const MESSAGE_TYPE = 'workflow.step';

export const callWebhook: ActionType<'callWebhook'> = {
  kind: 'CALL',
  async call({ webhooks, secrets: known }, step, action, now) {
    const { url, secret, signingSecrets, successStatuses } = action;
    const secrets = [
      ...(secret ? [secret] : []),
      ...signingSecrets.map((name) => requireKey(name, known.get(name))),
    ];
    const answer = await webhooks.post({
      ...{ accountId: step.accountId, url, secrets, id: stepId(step), timestampS: secondsOf(now) },
      ...requestOf(step, action),
      ...(successStatuses.length > 0 ? { successStatuses } : {}),
    });
    switch (answer.kind) {
      case 'ACCEPTED': {
        const { received } = answer;
        const sent = [secret, ...known.values()];
        return received
          ? { answer: { status: received.status, body: keptBody(received.content, sent) } }
          : 'DONE';
      }
      case 'TRY_AGAIN':
        return { tryAgain: answer.reason, detail: answer.detail };
      case 'REFUSED':
        throw new StepRefusal(answer.reason, answer.detail ?? '');
    }
  },
};

const NO_MESSAGE = ['GET', 'DELETE'];

function requestOf(step: Step, action: ActionValue<'callWebhook'>) {
  const method = enumName(WebhookMethodSchema, action.method || WebhookMethod.POST);
  const { type, body } = bodyOf(step, action, method);
  const headers = action.headers.map(({ name, value }) => [name.toLowerCase(), headerValue(value)]);
  return {
    method,
    body,
    headers: { ...(body ? { 'content-type': type } : {}), ...Object.fromEntries(headers) },
  };
}

function bodyOf(step: Step, { body, data }: ActionValue<'callWebhook'>, method: string) {
  switch (body.case) {
    case 'json':
      return { type: 'application/json', body: JSON.stringify(body.value) };
    case 'form': {
      const fields = body.value.fields.map(({ name, value }): [string, string] => [name, value]);
      return { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(fields).toString() };
    }
    case undefined: {
      const message = NO_MESSAGE.includes(method) ? '' : JSON.stringify(messageOf(step, data));
      return { type: 'application/json', body: message };
    }
  }
}

/** Throws StepRefusal for what a header cannot carry: what a template makes may have line breaks. */
function headerValue(value: string): string {
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
    throw new StepRefusal('TEMPLATE_FAILED', 'call_webhook.headers: a value has what no header carries');
  }
  return value;
}

/** Throws StepRefusal for a secret that cannot sign. */
function requireKey(name: string, secret: string | undefined): string {
  if (secret === undefined || !isWebhookSecret(secret)) {
    throw new StepRefusal('SECRET_INVALID', `the secret ${name} cannot sign: it ${WEBHOOK_SECRET_RULE}`);
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
