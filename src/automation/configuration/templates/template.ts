/**
 * The shape of a template: text parameters, and the workflow that is built from them; and the webhook step
 * that several templates have.
 */
import type { DescEnum, EnumShape, JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import type { ActionSchema } from '../../../gen/automation/v1/action_pb.ts';
import type { TriggerInputSchema } from '../../../gen/automation/v1/trigger_pb.ts';
import type { ExitGoalSchema } from '../../../gen/automation/v1/workflow_service_pb.ts';

interface TemplateParameter {
  readonly name: string;
  readonly description: string;
  /** Empty: the parameter is required, unless it is optional. */
  readonly defaultValue: string;
  readonly isOptional?: boolean;
  /**
   * The fields of the workflow that the parameter fills, such as `trigger.filter.conditions[0].value`; their
   * violations are reported for the parameter.
   */
  readonly fills: readonly string[];
}

/** The workflow that a template builds; it is validated like any other. */
interface TemplateWorkflow {
  readonly trigger: MessageInitShape<typeof TriggerInputSchema>;
  readonly actions: readonly MessageInitShape<typeof ActionSchema>[];
  readonly exits?: readonly MessageInitShape<typeof ExitGoalSchema>[];
}

export interface Template {
  /** For example `drop-off-rescue`. */
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly TemplateParameter[];
  /** `value` returns a parameter's text, empty when it was not given. Numbers and decimals may stay text. */
  build(value: (name: string) => string): TemplateWorkflow;
}

/**
 * The enum value with this name of the contract; for other texts a value that the enum lacks, so that validation refuses
 * it.
 */
export function enumParameter<E extends DescEnum>(schema: E, text: string): EnumShape<E> {
  const value = schema.values.find(({ name }) => name === text)?.number ?? -1;
  return value as EnumShape<E>;
}

/** A text as a whole number; 0 for other texts, which validation refuses where it must be positive. */
export function wholeNumber(text: string): number {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
}

/** A text as a filter's comparison value. */
export function comparedWith(text: string) {
  return { kind: { case: 'stringValue', value: text } } as const;
}

/** The parameters of the webhooks at these positions. */
export function webhookParameters(...steps: readonly number[]): readonly TemplateParameter[] {
  return [
    {
      name: 'webhook_url',
      description: 'Where the message goes, an https address.',
      defaultValue: '',
      fills: steps.map((step) => `actions[${step}].call_webhook.url`),
    },
    {
      name: 'webhook_secret',
      description: 'What it is signed with, whsec_ and base64; without one it is not signed.',
      defaultValue: '',
      isOptional: true,
      fills: steps.map((step) => `actions[${step}].call_webhook.secret`),
    },
  ];
}

/** `more`: its name, and the statuses that are no failure. */
export function webhookStep(
  value: (name: string) => string,
  data: JsonObject,
  { name = '', successStatuses = [] }: { readonly name?: string; readonly successStatuses?: number[] } = {},
): TemplateWorkflow['actions'][0] {
  const call = { url: value('webhook_url'), secret: value('webhook_secret'), data, successStatuses };
  return { name, action: { case: 'callWebhook', value: call } };
}
