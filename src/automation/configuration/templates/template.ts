/** What a ready-made workflow is: parameters as text, and what is made of them. */
import type { DescEnum, EnumShape, MessageInitShape } from '@bufbuild/protobuf';
import { enumValue } from '../../../calls/enum-name.ts';
import type { ActionSchema } from '../../../gen/automation/v1/action_pb.ts';
import type { TriggerInputSchema } from '../../../gen/automation/v1/trigger_pb.ts';

export interface TemplateParameter {
  readonly name: string;
  readonly description: string;
  /** Empty: it must be given, unless it is optional. */
  readonly defaultValue: string;
  readonly isOptional?: boolean;
  /** The fields of the workflow that it fills, as in `trigger.filter.conditions[0].value`: what they refuse, it is told. */
  readonly fills: readonly string[];
}

/** What a template makes; validated like what anybody else makes. */
export interface TemplateWorkflow {
  readonly trigger: MessageInitShape<typeof TriggerInputSchema>;
  readonly actions: readonly MessageInitShape<typeof ActionSchema>[];
}

export interface Template {
  /** For example `drop-off-rescue`. */
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly TemplateParameter[];
  /** `value` gives a parameter's text, empty when nobody gave any. Numbers and decimals may stay text. */
  build(value: (name: string) => string): TemplateWorkflow;
}

/** The value with this name; one that the enum does not have for other texts, so that it is refused. */
export function enumParameter<E extends DescEnum>(schema: E, text: string): EnumShape<E> {
  const value = enumValue(schema, text);
  return text !== '' && value === 0 ? (-1 as EnumShape<E>) : value;
}

/** A text as a filter compares with it. */
export function comparedWith(text: string) {
  return { kind: { case: 'stringValue', value: text } } as const;
}
