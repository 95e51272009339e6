/** What filters and texts of a step can read of the steps before it that have a name. */
import type { DescMessage, JsonObject } from '@bufbuild/protobuf';
import { ActionSchema } from '../../../../src/gen/automation/v1/action_pb.ts';
import { objectsIn } from './draft.ts';

export interface NamedStep {
  readonly name: string;
  /** Whether it calls a webhook, and so has an answer. */
  readonly hasAnswer: boolean;
  /** Whether it chooses one of its lists of steps. */
  readonly hasChoice: boolean;
}

interface PlacedStep {
  /** As in violations, for example `actions[1].branch.then[0]`. */
  readonly path: string;
  readonly step: JsonObject;
}

/** Of the steps, the named ones before the step that the path belongs to; none for paths outside the steps. */
export function namedStepsBefore(actions: readonly JsonObject[], path: string): NamedStep[] {
  const all = placeSteps(actions, 'actions');
  const contains = (step: PlacedStep) => path.startsWith(`${step.path}.`);
  const earlier = all.slice(0, Math.max(0, all.findLastIndex(contains)));
  return earlier.flatMap((placed) => {
    const { step } = placed;
    return typeof step.name === 'string' && step.name !== '' && !contains(placed)
      ? [
          {
            name: step.name,
            hasAnswer: step.callWebhook !== undefined,
            hasChoice: ['branch', 'split', 'waitForEvent'].some((kind) => step[kind] !== undefined),
          },
        ]
      : [];
  });
}

/** The steps in the order in which they are written, each before those of its lists. */
function placeSteps(steps: readonly JsonObject[], path: string): PlacedStep[] {
  return steps.flatMap((step, index) => {
    const place = `${path}[${index}]`;
    return [{ path: place, step }, ...stepsWithin(ActionSchema, step, place)];
  });
}

function stepsWithin(schema: DescMessage, value: JsonObject, path: string): PlacedStep[] {
  return schema.fields.flatMap((field) => {
    const inner = value[field.jsonName];
    const { message } = field;
    if (inner === undefined || !message || message.typeName.startsWith('google.protobuf.')) {
      return [];
    }
    const place = `${path}.${field.name}`;
    if (field.fieldKind !== 'list') {
      return stepsWithin(message, inner as JsonObject, place);
    }
    return message.typeName === ActionSchema.typeName
      ? placeSteps(objectsIn(inner), place)
      : objectsIn(inner).flatMap((item, index) => stepsWithin(message, item, `${place}[${index}]`));
  });
}
