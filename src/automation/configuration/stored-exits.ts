/** Converts the exits of workflows between messages and stored JSON. */
import { clone, fromJson, type JsonValue, toJson } from '@bufbuild/protobuf';
import { type ExitGoal, ExitGoalSchema } from '../../gen/automation/v1/workflow_service_pb.ts';
import { canonicalEventName } from '../event-types/event-types.ts';

/** The proto3 JSON of each exit. The exits must be valid. */
export function storedExits(exits: readonly ExitGoal[]): JsonValue[] {
  return exits.map((exit) => toJson(ExitGoalSchema, exit));
}

/** Throws for JSON that is not an exit's. */
export function readStoredExits(stored: readonly unknown[]): ExitGoal[] {
  return stored.map((json) => fromJson(ExitGoalSchema, json as JsonValue));
}

/** The same exits with the events' names in their canonical stored form. */
export function canonicalExits(exits: readonly ExitGoal[]): ExitGoal[] {
  return exits.map((original) => {
    const exit = clone(ExitGoalSchema, original);
    exit.eventType = canonicalEventName(exit.eventType);
    return exit;
  });
}
