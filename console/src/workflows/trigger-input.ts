/** What of a trigger is its configuration: the JSON of the TriggerInput that would store it. */
import { type JsonObject, type JsonValue, toJson } from '@bufbuild/protobuf';
import { type Trigger, TriggerSchema } from '../../../src/gen/automation/v1/trigger_pb.ts';

export function inputOfTrigger(trigger: Trigger): JsonObject {
  const { triggerEvent, filter, settings, isActive } = toJson(TriggerSchema, trigger) as JsonObject;
  return withoutAbsent({ triggerEvent, filter, settings, isActive: isActive ?? false });
}

function withoutAbsent(value: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined),
  );
}
