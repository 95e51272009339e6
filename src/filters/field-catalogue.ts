/** Resolves the field names of conditions to fields. */
import type { FieldCatalogue, FieldType, FilterField } from './filter.ts';
import { readUntypedPath, untypedField } from './untyped-field.ts';

/** A field that filters may use. */
export interface FieldDefinition {
  /**
   * A bare name for fields of the event; for built-in fields of the athlete a bare name or a path such as
   * `training.program`; `athlete.x`, `custom.x` or `answers.x` for the account's own.
   */
  readonly name: string;
  readonly type: FieldType;
  readonly isPersonal: boolean;
}

/** Resolves a name to a field of the athlete's document; undefined for names outside of the family. */
export type FieldFamily = (name: string) => Pick<FilterField, 'path' | 'type'> | undefined;

/** The fields that filters on one event type may use. */
export interface FieldDefinitions {
  readonly event: readonly FieldDefinition[];
  /** The fields that every event has beside its data. A field of the event with the same name comes first. */
  readonly origin?: readonly FieldDefinition[];
  /** Whether the event carries the values before the change. */
  readonly carriesDiff: boolean;
  /** The built-in fields of athletes. */
  readonly athlete: readonly FieldDefinition[];
  /** Events may have fields that are not listed; filters name them `data.<path>`. */
  readonly hasFurtherData?: boolean;
  /** Further built-in fields of athletes, whose names have a variable part. */
  readonly athleteFamilies?: readonly FieldFamily[];
  /** See `FieldCatalogue.history`. */
  readonly history?: FieldCatalogue['history'];
  /** The account's own fields. `athlete.x` and `custom.x` are two names of the same attribute. */
  readonly account: readonly FieldDefinition[];
}

/**
 * Creates the catalogue. A bare name resolves to the event's field, else to one of its origin, else to the athlete's: a built-in field
 * before an attribute. Names resolve only through this table, so text of a filter never becomes a path.
 *
 * @example
 * const catalogue = createFieldCatalogue({
 *   event: [{ name: 'week_number', type: 'int', isPersonal: false }],
 *   carriesDiff: false,
 *   athlete: [{ name: 'tags', type: 'list', isPersonal: false }],
 *   account: [{ name: 'custom.level', type: 'int', isPersonal: false }],
 * });
 * catalogue.resolve('level')?.path; // ['attributes', 'level']
 */
export function createFieldCatalogue(definitions: FieldDefinitions): FieldCatalogue {
  const fields = new Map<string, FilterField>();
  // The first field that is added under a name keeps it.
  const add = (name: string, field: FilterField) => {
    if (!fields.has(name)) {
      fields.set(name, field);
    }
  };
  for (const { name, type, isPersonal } of definitions.event) {
    add(name, { scope: 'event', path: [name], type, isPersonal });
  }
  for (const { name, type, isPersonal } of definitions.event) {
    add(`data.${name}`, { scope: 'event', path: [name], type, isPersonal });
  }
  for (const { name, type, isPersonal } of definitions.origin ?? []) {
    add(name, { scope: 'origin', path: [name], type, isPersonal });
  }
  for (const { name, type, isPersonal } of definitions.athlete) {
    const field: FilterField = { scope: 'athlete', path: name.split('.'), type, isPersonal };
    add(name, field);
    add(`athlete.${name}`, field);
  }
  const own = definitions.account.map(splitName);
  for (const { prefix, name, type, isPersonal } of own) {
    const folder = prefix === 'answers' ? 'answers' : 'attributes';
    add(`${prefix}.${name}`, { scope: prefix, path: [folder, name], type, isPersonal });
  }
  for (const { prefix, name } of own.filter((each) => each.prefix !== 'answers')) {
    const field = fields.get(`${prefix}.${name}`);
    if (field) {
      add(`athlete.${name}`, field);
      add(`custom.${name}`, field);
      add(name, field);
    }
  }
  const families = definitions.athleteFamilies ?? [];
  const resolveInFamily = (name: string): FilterField | undefined => {
    const path = definitions.hasFurtherData ? readUntypedPath('data.', name) : undefined;
    if (path) {
      const field = untypedField(path);
      fields.set(name, field);
      return field;
    }
    for (const family of families) {
      const found = family(name);
      if (found) {
        const field: FilterField = { scope: 'athlete', ...found, isPersonal: false };
        fields.set(name, field);
        return field;
      }
    }
    return undefined;
  };
  return {
    carriesDiff: definitions.carriesDiff,
    resolve: (name) => fields.get(name) ?? resolveInFamily(name),
    ...(definitions.history ? { history: definitions.history } : {}),
  };
}

const PREFIXES = ['athlete', 'custom', 'answers'] as const;

function splitName(definition: FieldDefinition) {
  const prefix = PREFIXES.find((each) => definition.name.startsWith(`${each}.`));
  if (!prefix) {
    throw new TypeError(
      `The name of an account's own field must start with ${PREFIXES.join(', ')}: ${definition.name}`,
    );
  }
  return { ...definition, prefix, name: definition.name.slice(prefix.length + 1) };
}
