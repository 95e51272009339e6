/** The event types and fields of an account: the built-in ones, and its own definitions. */
import { sql } from 'kysely';
import { createFieldCatalogue, type FieldDefinition } from '../../filters/field-catalogue.ts';
import type { FieldCatalogue, FieldType, JsonObject } from '../../filters/filter.ts';
import type { Transaction } from '../../store/database.ts';
import { ATHLETE_FIELDS } from './athlete-document.ts';
import { type EventField, type EventType, ORIGIN_FIELDS } from './event-type.ts';
import { builtInEventType, CUSTOM_PREFIX, canonicalEventName, EVENT_TYPES } from './event-types.ts';
import { LIFT_FAMILY, TRAINING_FIELDS } from './training-fields.ts';

/** The state at one automation revision of the account; caches compare revisions. */
export interface AccountTypes {
  /** The built-in types and the account's own. */
  readonly eventTypes: readonly EventType[];
  /** The account's own types. */
  readonly customTypes: readonly EventType[];
  /** The account's own fields, by path. */
  readonly fields: readonly AccountField[];
  /** By name or alias; undefined when the type does not exist. */
  eventType(name: string): EventType | undefined;
  /** The fields that filters on the event may use. The same object for the same type each time. */
  fieldCatalogue(eventType: EventType): FieldCatalogue;
  /** Whether the field, named as in a condition on the event, is personal data. */
  isPersonal(eventType: EventType, field: string): boolean;
}

/** A field that the account defined. */
export interface AccountField {
  /** `answers.<name>` or `custom.<name>`; `<built-in event>.<name>` for a field of the event. */
  readonly path: string;
  readonly type: FieldType;
  readonly description: string;
  readonly isPersonal: boolean;
}

/** Two queries. */
export async function loadAccountTypes(tx: Transaction): Promise<AccountTypes> {
  const { rows: types } = await sql<StoredType>`
    select slug, description, fields, sample from custom_event_types
    where account_id = ${tx.accountId} order by slug`.execute(tx.sql);
  const { rows: fields } = await sql<AccountField>`
    select path, type, description, is_personal as "isPersonal" from field_definitions
    where account_id = ${tx.accountId} order by path`.execute(tx.sql);
  return createAccountTypes(types.map(customEventType), fields);
}

/** The types of an account with these definitions. */
export function createAccountTypes(
  customTypes: readonly EventType[],
  fields: readonly AccountField[],
): AccountTypes {
  const own = new Map(customTypes.map((type) => [type.name, type]));
  const account: FieldDefinition[] = fields
    .filter(({ path }) => !readExtension(path))
    .map(({ path, type, isPersonal }) => ({ name: path, type, isPersonal }));
  const extended = extendBuiltInTypes(fields);
  const eventType = (name: string) => {
    const canonical = canonicalEventName(name);
    return own.get(name) ?? extended.get(canonical) ?? builtInEventType(canonical);
  };
  const answers = account.filter(({ name }) => name.startsWith('answers.'));
  const historyFields = (name: string) => {
    const type = eventType(name);
    return type && { event: type.name, fields: createHistoryCatalogue(type, answers) };
  };
  const catalogues = new WeakMap<EventType, FieldCatalogue>();
  const fieldCatalogue = (eventType: EventType): FieldCatalogue => {
    const known = catalogues.get(eventType);
    if (known) {
      return known;
    }
    const made = createFieldCatalogue({
      event: eventType.fields,
      origin: ORIGIN_FIELDS,
      carriesDiff: eventType.hasPrevious,
      hasFurtherData: eventType.isPublishable,
      athlete: [...ATHLETE_FIELDS, ...TRAINING_FIELDS],
      athleteFamilies: [LIFT_FAMILY],
      history: historyFields,
      account,
    });
    catalogues.set(eventType, made);
    return made;
  };
  return {
    eventTypes: [...EVENT_TYPES.map((type) => extended.get(type.name) ?? type), ...customTypes],
    customTypes,
    fields,
    eventType,
    fieldCatalogue,
    isPersonal: (eventType, field) => fieldCatalogue(eventType).resolve(field)?.isPersonal ?? false,
  };
}

/** The built-in types to which the account gave further fields, by name. */
function extendBuiltInTypes(fields: readonly AccountField[]): ReadonlyMap<string, EventType> {
  const extended = new Map<string, EventType>();
  for (const { path, type, description, isPersonal } of fields) {
    const extension = readExtension(path);
    if (extension) {
      const base = extended.get(extension.type.name) ?? extension.type;
      const field = { name: extension.name, type, description, isPersonal };
      extended.set(base.name, { ...base, fields: [...base.fields, field] });
    }
  }
  return extended;
}

/** The built-in type and the name in the path of a field that extends it; undefined for other paths. */
export function readExtension(path: string): { readonly type: EventType; readonly name: string } | undefined {
  const [, eventName = '', name = ''] = /^([a-z_]+)\.([^.]+)$/.exec(path) ?? [];
  const type = builtInEventType(eventName);
  return type && { type, name };
}

/** The fields of an event of the history, whose data takes the place of the athlete's document. */
function createHistoryCatalogue({ fields }: EventType, answers: readonly FieldDefinition[]): FieldCatalogue {
  const { resolve } = createFieldCatalogue({
    ...{ event: [], carriesDiff: false, athlete: [...fields, ...answers], account: [] },
  });
  // Without the second name of athletes' fields.
  return {
    carriesDiff: false,
    resolve: (name) => (name.startsWith('athlete.') ? undefined : resolve(name)),
  };
}

/** A row of custom_event_types. */
export interface StoredType {
  readonly slug: string;
  readonly description: string;
  readonly fields: readonly (Omit<EventField, 'isPersonal'> & { isPersonal?: boolean })[];
  readonly sample: JsonObject;
}

/** The event type of a row. */
export function customEventType({ slug, description, fields, sample }: StoredType): EventType {
  return {
    name: `${CUSTOM_PREFIX}${slug}`,
    category: 'custom',
    description,
    fields: fields.map((field) => ({ isPersonal: false, ...field })),
    requiredConfiguration: [],
    hasPrevious: false,
    source: 'publisher',
    isPublishable: true,
    sample,
    samplePrevious: null,
  };
}
