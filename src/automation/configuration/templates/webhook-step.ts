/** The webhook step of templates, and its parameters. */
import type { JsonObject } from '@bufbuild/protobuf';
import type { TemplateParameter, TemplateWorkflow } from './template.ts';

/** The parameters of the webhook at this position. */
export function webhookParameters(step: number): readonly TemplateParameter[] {
  return [
    {
      name: 'webhook_url',
      description: 'Where the message goes, an https address.',
      defaultValue: '',
      fills: [`actions[${step}].call_webhook.url`],
    },
    {
      name: 'webhook_secret',
      description: 'What it is signed with, whsec_ and base64; without one it is not signed.',
      defaultValue: '',
      isOptional: true,
      fills: [`actions[${step}].call_webhook.secret`],
    },
  ];
}

export function webhookStep(
  value: (name: string) => string,
  data: JsonObject,
): TemplateWorkflow['actions'][0] {
  const call = { url: value('webhook_url'), secret: value('webhook_secret'), data };
  return { action: { case: 'callWebhook', value: call } };
}
