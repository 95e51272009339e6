/** The shape of an event type: a name, typed fields, and its source. */
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
  'automation',
  'custom',
] as const;

/** The category of the event, which a trigger has as its type. */
export type EventCategory = (typeof CATEGORIES)[number];

/** A field of an event's data. It may be missing or null, unless the type's configuration requires it. */
export interface EventField {
  readonly name: string;
  readonly type: FieldType;
  readonly description: string;
  /** The field is personal data. */
  readonly isPersonal: boolean;
}

/** The fields that filters can use on every event, beside those of its type. */
export const ORIGIN_FIELDS: readonly EventField[] = [
  {
    name: 'actor',
    type: 'string',
    isPersonal: false,
    description: 'Who caused the event: ATHLETE, COACH, AUTOMATION, SYSTEM or IMPORT.',
  },
];

export interface EventType {
  /** For example `session_completed`, or `custom.checked_in`. */
  readonly name: string;
  readonly category: EventCategory;
  readonly description: string;
  readonly fields: readonly EventField[];
  /**
   * Fields that a trigger must set: the event's field must equal the configured value. Every event of the
   * type has them.
   */
  readonly requiredConfiguration: readonly string[];
  /** Further fields that every event of the type has. Absent: none. */
  readonly requiredFields?: readonly string[];
  /** Events carry the previous state of changed fields in `previous`. */
  readonly hasPrevious: boolean;
  /** The usual source of the event. */
  readonly source: 'service' | 'publisher';
  /** Whether PublishEvents accepts it; events that only the service can know are refused. */
  readonly isPublishable: boolean;
  readonly sample: JsonObject;
  /** null for types without a previous state. */
  readonly samplePrevious: JsonObject | null;
}
