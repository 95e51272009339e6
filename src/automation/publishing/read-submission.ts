/** Reads a published event: its fact, its fingerprint, and its violations. */
import { createHash } from 'node:crypto';
import { enumName } from '../../calls/enum-name.ts';
import { listed } from '../../calls/shown-text.ts';
import type { Limits } from '../../config/config.ts';
import { DomainError, type FieldViolation, invalidFields } from '../../errors/domain-error.ts';
import type { JsonObject, JsonValue } from '../../filters/filter.ts';
import {
  EventActor,
  EventActorSchema,
  type PublishedEvent,
} from '../../gen/automation/v1/event_service_pb.ts';
import { occurredAtOf } from '../../progression/engine/submit-trigger.ts';
import type { Fact, FactActor } from '../../store/entities/outbox-entry.ts';
import type { Instant } from '../../values/instant.ts';
import type { EventType } from '../event-types/event-type.ts';
import { canonicalEventName } from '../event-types/event-types.ts';
import { validatePublishedData } from '../event-types/validate-event-data.ts';

/** One event of a call, read and validated. */
export interface Submission {
  /** In lower case. */
  readonly id: string;
  readonly userId: string;
  readonly actor: FactActor;
  readonly occurredAt: Instant;
  /** As the outbox stores it: the JSON of a list with the only fact. */
  readonly facts: string;
  /** SHA-256 of the event's content in canonical form. */
  readonly fingerprint: Uint8Array;
  /** The validation error; null when the event is well-formed. */
  readonly refusal: DomainError | null;
}

export interface SubmissionReading {
  readonly receivedAt: Instant;
  readonly limits: Limits;
  /** Finds a type by its canonical name; undefined when it does not exist. */
  readonly eventType: (name: string) => EventType | undefined;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether the id is a UUID, so that duplicates can be recognized. */
export function hasUsableId({ id }: Submission): boolean {
  return UUID.test(id);
}

export function readSubmission(event: PublishedEvent, reading: SubmissionReading): Submission {
  const id = event.id.toLowerCase();
  const userId = event.userId.toLowerCase();
  const type = canonicalEventName(event.type);
  const data: JsonObject = event.data ?? {};
  const previous: JsonObject | null = event.previous ?? null;
  const { occurredAt, violations: violationsOfTime } = readTime(event, reading);
  const violations = [
    ...(UUID.test(id) ? [] : [{ field: 'id', description: 'must be a UUID' }]),
    ...(UUID.test(userId) ? [] : [{ field: 'user_id', description: 'must be a UUID' }]),
    ...violationsOfTime,
    ...actorViolations(event.actor),
    ...contentViolations(type, { data, previous }, reading),
  ];
  return {
    id,
    userId,
    actor: toFactActor(event.actor),
    occurredAt,
    facts: JSON.stringify([{ id, type, data, ...(previous ? { previous } : {}) } satisfies Fact]),
    fingerprint: computeFingerprint(event, { userId, type, data, previous }),
    refusal: violations.length > 0 ? invalidFields(violations) : null,
  };
}

function readTime({ occurredAt }: PublishedEvent, { receivedAt, limits }: SubmissionReading) {
  try {
    return { occurredAt: occurredAtOf(occurredAt, 'occurred_at', receivedAt, limits), violations: [] };
  } catch (error) {
    if (error instanceof DomainError) {
      return { occurredAt: receivedAt, violations: error.violations };
    }
    throw error;
  }
}

const ACTORS: readonly EventActor[] = [
  EventActor.ATHLETE,
  EventActor.COACH,
  EventActor.SYSTEM,
  EventActor.IMPORT,
];

function actorViolations(actor: EventActor): FieldViolation[] {
  if (actor === EventActor.UNSPECIFIED || ACTORS.includes(actor)) {
    return [];
  }
  const names = EventActorSchema.values
    .filter(({ number }) => ACTORS.some((actor) => actor === number))
    .map(({ name }) => name);
  return [{ field: 'actor', description: `must be ${listed(names)}` }];
}

function toFactActor(actor: EventActor): FactActor {
  return ACTORS.includes(actor) ? (enumName(EventActorSchema, actor) as FactActor) : 'SYSTEM';
}

function contentViolations(
  name: string,
  content: { readonly data: JsonObject; readonly previous: JsonObject | null },
  { eventType, limits }: SubmissionReading,
): FieldViolation[] {
  const type = eventType(name);
  if (!type) {
    return [{ field: 'type', description: 'must be the name of an event type; ListEventTypes lists them' }];
  }
  return type.isPublishable
    ? validatePublishedData(type, content, limits)
    : [
        {
          field: 'type',
          description: `must be an event type that can be published; only the service itself creates ${name}`,
        },
      ];
}

/** Uses the time as sent; a time that the server filled in is not part of the fingerprint. */
function computeFingerprint(
  { occurredAt, actor }: PublishedEvent,
  said: { userId: string; type: string; data: JsonObject; previous: JsonObject | null },
): Uint8Array {
  const at = occurredAt ? `${occurredAt.seconds}.${Math.trunc(occurredAt.nanos / 1000)}` : null;
  const text = toCanonicalJson({ ...said, at, actor: actor || EventActor.SYSTEM });
  return createHash('sha256').update(text).digest();
}

/** JSON with sorted object keys, so that equal values have equal text. */
function toCanonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) {
    return `[${value.map(toCanonicalJson).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([name, each]) => `${JSON.stringify(name)}:${toCanonicalJson(each)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
