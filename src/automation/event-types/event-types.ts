/** The closed catalogue of built-in events. To add one: a row in the file of its category. */
import { APPOINTMENTS } from './catalogue/appointment.ts';
import { AUTOMATION } from './catalogue/automation.ts';
import { COMMUNICATION } from './catalogue/communication.ts';
import { CONTACT } from './catalogue/contact.ts';
import { FORM } from './catalogue/form.ts';
import { PAYMENT } from './catalogue/payment.ts';
import { PIPELINE } from './catalogue/pipeline.ts';
import { TIME } from './catalogue/time.ts';
import { TRAINING } from './catalogue/training.ts';
import type { EventType } from './event-type.ts';

/** By category, in the order of CATEGORIES. */
export const EVENT_TYPES: readonly EventType[] = Object.freeze([
  ...TRAINING,
  ...CONTACT,
  ...FORM,
  ...PIPELINE,
  ...APPOINTMENTS,
  ...PAYMENT,
  ...COMMUNICATION,
  ...TIME,
  ...AUTOMATION,
]);

const BY_NAME: ReadonlyMap<string, EventType> = new Map(EVENT_TYPES.map((type) => [type.name, type]));

/** The built-in event with exactly this name. */
export function builtInEventType(name: string): EventType | undefined {
  return BY_NAME.get(name);
}

/** The prefix of an account's own events. */
export const CUSTOM_PREFIX = 'custom.';

/**
 * The canonical name of an event: `contact.created` is an alias of `contact_created`, as for every built-in
 * event. Other names are returned unchanged, whether or not the event exists; an account's
 * `custom.field_changed` is never the built-in `custom_field_changed`.
 */
export function canonicalEventName(text: string): string {
  const name = text.replaceAll('.', '_');
  return BY_NAME.has(name) && !text.startsWith(CUSTOM_PREFIX) ? name : text;
}
