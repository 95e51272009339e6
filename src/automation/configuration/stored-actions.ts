/** Converts actions between messages and stored JSON, secrets included. */
import { clone, fromJson, type JsonValue, toJson } from '@bufbuild/protobuf';
import { type Action, ActionSchema } from '../../gen/automation/v1/action_pb.ts';
import { everyAction } from '../actions/tree/every-action.ts';
import { canonicalEventName } from '../event-types/event-types.ts';

/** The secrets that sign a webhook: the old and the new one of a rotation. */
export const MOST_SIGNATURES = 2;

/** The proto3 JSON of each action. The actions must be valid. */
export function storedActions(actions: readonly Action[]): JsonValue[] {
  return actions.map((action) => toJson(ActionSchema, action));
}

/** Throws for JSON that is not an action's. */
export function readStoredActions(stored: readonly unknown[]): Action[] {
  return stored.map((json) => fromJson(ActionSchema, json as JsonValue));
}

/** The same actions with every name in its canonical stored form. */
export function canonicalActions(actions: readonly Action[]): Action[] {
  const copies = actions.map((original) => clone(ActionSchema, original));
  for (const { action: message } of everyAction(copies)) {
    const { action } = message;
    switch (action.case) {
      case 'enrollInProgram':
        action.value.programId = action.value.programId.toLowerCase();
        break;
      case 'applyProgression':
        action.value.progressionId = action.value.progressionId.toLowerCase();
        action.value.liftId = action.value.liftId.toLowerCase();
        break;
      case 'setLiftMax':
      case 'scaleLiftMax':
        action.value.liftId = action.value.liftId.toLowerCase();
        break;
      case 'addTag':
      case 'removeTag':
        action.value.tag = action.value.tag.normalize();
        break;
      case 'setAttribute':
        action.value.field = `custom.${action.value.field.replace(/^(custom|athlete)\./, '')}`;
        break;
      case 'callWebhook':
        action.value.hasSecret = false;
        break;
      case 'waitForEvent':
        action.value.eventType = canonicalEventName(action.value.eventType);
        break;
    }
  }
  return copies;
}

/**
 * Keeps webhook secrets in place: a new webhook without a secret takes the one of the same URL, unless the secrets that
 * it names replace it. They do when they are two.
 */
export function keepSecrets(actions: readonly Action[], before: readonly Action[]): void {
  const kept = new Map<string, string[]>();
  for (const { url, secret } of webhooksOf(before)) {
    kept.set(url, [...(kept.get(url) ?? []), secret]);
  }
  for (const webhook of webhooksOf(actions)) {
    // The first webhook of a URL takes the secret of the first one of that URL before, and so on.
    const secret = kept.get(webhook.url)?.shift() ?? '';
    webhook.secret ||= webhook.signingSecrets.length < MOST_SIGNATURES ? secret : '';
  }
}

/** The calls of webhooks, in the order of their steps. */
export function webhooksOf(actions: readonly Action[]) {
  return everyAction(actions).flatMap(({ action: { action } }) =>
    action.case === 'callWebhook' ? [action.value] : [],
  );
}
