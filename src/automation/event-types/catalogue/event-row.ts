/** Builds rows of the catalogue: each field with its sample value. */
import type { FieldType, JsonObject, JsonValue } from '../../../filters/filter.ts';
import type { EventField, EventType } from '../event-type.ts';

/** A field of a row. */
export interface FieldRow extends EventField {
  readonly sample: JsonValue;
  /** For fields that change: the previous value in the sample. */
  readonly sampleBefore?: JsonValue;
}

export function field(name: string, type: FieldType, description: string, sample: JsonValue): FieldRow {
  return { name, type, description, isPersonal: false, sample };
}

/** A field with personal data. */
export function personal(name: string, type: FieldType, description: string, sample: JsonValue): FieldRow {
  return { ...field(name, type, description, sample), isPersonal: true };
}

/** The same field with another description. */
export function described(row: FieldRow, description: string): FieldRow {
  return { ...row, description };
}

/** The same field in an event that carries the previous state. */
export function changing(row: FieldRow, sampleBefore: JsonValue): FieldRow {
  return { ...row, sampleBefore };
}

/** The same fields with these sample values, by name. */
export function sampled(rows: readonly FieldRow[], samples: JsonObject): FieldRow[] {
  return rows.map((row) => ({ ...row, sample: samples[row.name] ?? row.sample }));
}

export interface EventRow
  extends Pick<EventType, 'name' | 'category' | 'description' | 'source' | 'isPublishable'> {
  readonly requiredConfiguration?: readonly string[];
  readonly requiredFields?: readonly string[];
  readonly fields: readonly FieldRow[];
}

/** The event type of a row. */
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

/** A row of an event that only publishers emit: all categories except training, contact and time. */
export function published(row: Omit<EventRow, 'source' | 'isPublishable'>) {
  return eventType({ ...row, source: 'publisher', isPublishable: true });
}
