/** A workflow while it is being edited: the JSON of its messages, in which inputs can be empty or wrong. */
import {
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  toJson,
} from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { TriggerInputSchema } from '../../../../src/gen/automation/v1/trigger_pb.ts';
import type { Template, Workflow } from '../../../../src/gen/automation/v1/workflow_service_pb.ts';
import {
  ActionListSchema,
  ExitListSchema,
  TemplateSchema,
  WorkflowSchema,
} from '../../../../src/gen/automation/v1/workflow_service_pb.ts';

import { inputOfTrigger } from '../trigger-input.ts';

export interface Draft {
  readonly name: string;
  readonly description: string;
  /** A TriggerInput; without a `triggerEvent` the workflow has no trigger. */
  readonly trigger: JsonObject;
  readonly actions: readonly JsonObject[];
  /** Events that end a run. */
  readonly exits: readonly JsonObject[];
}

export const EMPTY_DRAFT: Draft = { name: '', description: '', trigger: {}, actions: [], exits: [] };

export function draftOfWorkflow(workflow: Workflow): Draft {
  const { name, description, trigger } = workflow;
  const { actions, exits } = toJson(WorkflowSchema, workflow) as JsonObject;
  return {
    ...{ name, description, trigger: trigger ? inputOfTrigger(trigger) : {} },
    ...{ actions: objectsIn(actions), exits: objectsIn(exits) },
  };
}

export function draftOfTemplate(template: Template): Draft {
  const { name, description } = template;
  const { trigger = {}, actions, exits } = toJson(TemplateSchema, template) as JsonObject;
  return {
    ...{ name, description, trigger: trigger as JsonObject },
    ...{ actions: objectsIn(actions), exits: objectsIn(exits) },
  };
}

export function triggerOf({ trigger }: Draft) {
  return trigger.triggerEvent ? readJson(TriggerInputSchema, trigger) : undefined;
}

export function actionsOf({ actions }: Draft) {
  return readJson(ActionListSchema, { actions: [...actions] });
}

export function exitsOf({ exits }: Draft) {
  return readJson(ExitListSchema, { exits: [...exits] });
}

/** Input that does not fit the message is refused as the service would. */
export function readJson<D extends DescMessage>(schema: D, json: JsonObject): MessageShape<D> {
  try {
    return fromJson(schema, json);
  } catch (error) {
    throw ConnectError.from(error, Code.InvalidArgument);
  }
}

/** The value at a path of a violation, such as `actions[0].add_tag.tag`: paths have the fields' proto names. */
export function valueAt(draft: Draft, path: string): JsonValue | undefined {
  const steps = path.split(/[.[\]"]+/).filter((step) => step !== '');
  let value: JsonValue | undefined = { ...draft, actions: [...draft.actions], exits: [...draft.exits] };
  for (const step of steps) {
    const name = step.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    value = Array.isArray(value) ? value[Number(step)] : (value as JsonObject | undefined)?.[name];
    if (typeof value !== 'object' || value === null) {
      break;
    }
  }
  return value;
}

export function objectsIn(list: JsonValue | undefined): JsonObject[] {
  return Array.isArray(list) ? (list as JsonObject[]) : [];
}

/** `value` with the field set, or without it for undefined. */
export function withField(value: JsonObject, name: string, next: JsonValue | undefined): JsonObject {
  const { [name]: _, ...rest } = value;
  return next === undefined ? rest : { ...rest, [name]: next };
}

/** A list with the item at `index` replaced, or left out for undefined. */
export function withItem<T>(list: readonly T[], index: number, next: T | undefined): T[] {
  return list.flatMap((item, place) => (place !== index ? [item] : next === undefined ? [] : [next]));
}
