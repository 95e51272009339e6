/** The closed catalogue of built-in events. Adding one is adding a row to its category's file. */
import { APPOINTMENTS } from './catalogue/appointment.ts';
import { COMMUNICATION } from './catalogue/communication.ts';
import { CONTACT } from './catalogue/contact.ts';
import { FORM } from './catalogue/form.ts';
import { PAYMENT } from './catalogue/payment.ts';
import { PIPELINE } from './catalogue/pipeline.ts';
import { TIME } from './catalogue/time.ts';
import { TRAINING } from './catalogue/training.ts';
import type { EventType } from './event-type.ts';

/** By category, in the order in which CATEGORIES has them. */
export const EVENT_TYPES: readonly EventType[] = Object.freeze([
  ...TRAINING,
  ...CONTACT,
  ...FORM,
  ...PIPELINE,
  ...APPOINTMENTS,
  ...PAYMENT,
  ...COMMUNICATION,
  ...TIME,
]);

const BY_NAME: ReadonlyMap<string, EventType> = new Map(EVENT_TYPES.map((type) => [type.name, type]));

/** The built-in event with exactly this name. */
export function builtInEventType(name: string): EventType | undefined {
  return BY_NAME.get(name);
}

/** The prefix of accounts' own events. */
export const CUSTOM_PREFIX = 'custom.';

/**
 * The name under which an event is stored: `contact.created` is an alias of `contact_created`, and the same goes for
 * every built-in event. What is no alias comes back as it is, whether or not there is such an event; an account's own
 * `custom.field_changed` is never the built-in `custom_field_changed`.
 */
export function canonicalEventName(text: string): string {
  const name = text.replaceAll('.', '_');
  return BY_NAME.has(name) && !text.startsWith(CUSTOM_PREFIX) ? name : text;
}
