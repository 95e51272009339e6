/**
 * How the rows of the catalogue are written: each field with its sample value.
 * A row of what other systems say: everything beside training, contacts and time.
 */
import type { FieldType, JsonObject, JsonValue } from '../../../filters/filter.ts';
import type { EventField, EventType } from '../event-type.ts';

/** A field as a row states it. */
export interface FieldRow extends EventField {
  readonly sample: JsonValue;
  /** For fields that change: the sample's value before. */
  readonly sampleBefore?: JsonValue;
}

export function field(name: string, type: FieldType, description: string, sample: JsonValue): FieldRow {
  return { name, type, description, isPersonal: false, sample };
}

/** A field that says who somebody is. */
export function personal(name: string, type: FieldType, description: string, sample: JsonValue): FieldRow {
  return { ...field(name, type, description, sample), isPersonal: true };
}

/** The same field, of an event that tells what it was before. */
export function changing(row: FieldRow, sampleBefore: JsonValue): FieldRow {
  return { ...row, sampleBefore };
}

/** The same fields with these values, by name, in the sample. */
export function sampled(rows: readonly FieldRow[], samples: JsonObject): FieldRow[] {
  return rows.map((row) => ({ ...row, sample: samples[row.name] ?? row.sample }));
}

export interface EventRow
  extends Pick<EventType, 'name' | 'category' | 'description' | 'source' | 'isPublishable'> {
  readonly requiredConfiguration?: readonly string[];
  readonly fields: readonly FieldRow[];
}

/** The event type that a row states. */
export function eventType({ fields, requiredConfiguration = [], ...row }: EventRow): EventType {
  const before = fields.filter(({ sampleBefore }) => sampleBefore !== undefined);
  return Object.freeze({
    ...row,
    requiredConfiguration,
    fields: fields.map(({ name, type, description, isPersonal }) => ({
      name,
      type,
      description,
      isPersonal,
    })),
    hasPrevious: before.length > 0,
    sample: byName(fields, ({ sample }) => sample),
    samplePrevious: before.length > 0 ? byName(before, ({ sampleBefore = null }) => sampleBefore) : null,
  });
}

function byName(fields: readonly FieldRow[], valueIn: (row: FieldRow) => JsonValue): JsonObject {
  return Object.fromEntries(fields.map((row) => [row.name, valueIn(row)]));
}

/** The row of an event that only publishers know of. */
export function published(row: Omit<EventRow, 'source' | 'isPublishable'>) {
  return eventType({ ...row, source: 'publisher', isPublishable: true });
}
