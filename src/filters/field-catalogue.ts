/** Finds the field that a condition's name means. */
import type { FieldCatalogue, FieldType, FilterField } from './filter.ts';

/** A field that filters may use. */
export interface FieldDefinition {
  /** Of the event and of the built-in athlete's: bare. Of the account's own: `athlete.x`, `custom.x` or `answers.x`. */
  readonly name: string;
  readonly type: FieldType;
  readonly isPersonal: boolean;
}

/** The fields around one type of event. */
export interface FieldDefinitions {
  readonly event: readonly FieldDefinition[];
  /** Whether the event brings the state before the change. */
  readonly carriesDiff: boolean;
  /** The built-in ones. */
  readonly athlete: readonly FieldDefinition[];
  /** The account's own. `athlete.x` and `custom.x` are the same attribute under two names. */
  readonly account: readonly FieldDefinition[];
}

/**
 * A bare name is the event's field, else the athlete's: a built-in one before an attribute. Names lead to fields
 * through this table alone, so that no text of a filter's ever becomes a path.
 */
export function createFieldCatalogue(definitions: FieldDefinitions): FieldCatalogue {
  const fields = new Map<string, FilterField>();
  // The first to take a name keeps it.
  const add = (name: string, field: FilterField) => {
    if (!fields.has(name)) {
      fields.set(name, field);
    }
  };
  for (const { name, type, isPersonal } of definitions.event) {
    add(name, { scope: 'event', path: [name], type, isPersonal });
  }
  for (const { name, type, isPersonal } of definitions.athlete) {
    const field: FilterField = { scope: 'athlete', path: [name], type, isPersonal };
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
  return { carriesDiff: definitions.carriesDiff, resolve: (name) => fields.get(name) };
}

const PREFIXES = ['athlete', 'custom', 'answers'] as const;

function splitName(definition: FieldDefinition) {
  const prefix = PREFIXES.find((each) => definition.name.startsWith(`${each}.`));
  if (!prefix) {
    throw new TypeError(`An account's own field is under ${PREFIXES.join(', ')}: ${definition.name}`);
  }
  return { ...definition, prefix, name: definition.name.slice(prefix.length + 1) };
}
