/** What an event type is: a name, typed fields, and who says that it happened. */
import type { FieldType, JsonObject } from '../../filters/filter.ts';

export const CATEGORIES = [
  'training',
  'contact',
  'form',
  'pipeline',
  'appointment',
  'payment',
  'communication',
  'time',
  'custom',
] as const;

/** What triggers call their type. */
export type EventCategory = (typeof CATEGORIES)[number];

/** A field of an event's data. Any field may be missing or null, unless the type's configuration requires it. */
export interface EventField {
  readonly name: string;
  readonly type: FieldType;
  readonly description: string;
  /** It says who somebody is. */
  readonly isPersonal: boolean;
}

export interface EventType {
  /** For example `session_completed`, or `custom.checked_in`. */
  readonly name: string;
  readonly category: EventCategory;
  readonly description: string;
  readonly fields: readonly EventField[];
  /** Names of fields that triggers must settle: the event's field must equal what they say. Every event has them. */
  readonly requiredConfiguration: readonly string[];
  /** It brings, in `previous`, what the fields that changed were before. */
  readonly hasPrevious: boolean;
  /** Who says that it happened, as a rule. */
  readonly source: 'service' | 'publisher';
  /** Whether PublishEvents takes it; what only the service can know, it does not. */
  readonly isPublishable: boolean;
  readonly sample: JsonObject;
  /** null for types without a previous state. */
  readonly samplePrevious: JsonObject | null;
}
