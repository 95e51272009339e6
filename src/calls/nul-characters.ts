/** Finds U+0000 in the texts of a message, which PostgreSQL cannot store. */
import {
  type DescField,
  type DescMessage,
  getOption,
  type Message,
  type MessageShape,
  ScalarType,
} from '@bufbuild/protobuf';
import type { FieldViolation } from '../errors/domain-error.ts';
import { field as fieldRules, Ignore } from '../gen/buf/validate/validate_pb.ts';
import { fieldValue } from './message-fields.ts';
import { jsonStep, mapStep } from './shown-text.ts';

/** Searches a value. `trail` are the steps of its path, and is unchanged afterwards. */
type Search = (value: unknown, trail: string[], found: FieldViolation[]) => void;

const NUL = '\0';

/** By message type; created when a type is first used. */
const searches = new Map<string, Search>();

/** A violation for each text with one, except in lists whose elements are answered one by one. */
export function nulCharacters<D extends DescMessage>(schema: D, message: MessageShape<D>): FieldViolation[] {
  const found: FieldViolation[] = [];
  searchOf(schema)(message, [], found);
  return found;
}

function searchOf(schema: DescMessage): Search {
  const known = searches.get(schema.typeName);
  if (known) {
    return known;
  }
  const steps: Search[] = [];
  const search: Search = (message, trail, found) => {
    for (const step of steps) {
      step(message, trail, found);
    }
  };
  // Registered before the fields are visited, because a message may contain its own type.
  searches.set(schema.typeName, search);
  steps.push(...schema.fields.flatMap(stepsOf));
  return search;
}

function stepsOf(field: DescField): Search[] {
  const search = searchOfField(field);
  if (!search) {
    return [];
  }
  const step = isPartOfJson(field.parent) ? '' : `.${field.name}`;
  return [
    (message, trail, found) => {
      const value = fieldValue(message as Message, field);
      if (value) {
        trail.push(step);
        search(value, trail, found);
        trail.pop();
      }
    },
  ];
}

/** undefined for fields without texts. */
function searchOfField(field: DescField): Search | undefined {
  const one = searchOfValue(field);
  switch (field.fieldKind) {
    case 'list':
      return one && !isAnsweredOneByOne(field) ? (list, ...at) => searchList(list, one, ...at) : undefined;
    case 'map': {
      const stepOf = isPartOfJson(field.parent) ? jsonStep : mapStep;
      return (map, ...at) => searchEntries(map, stepOf, one, ...at);
    }
    default:
      return one;
  }
}

function searchOfValue(field: DescField): Search | undefined {
  if (field.message) {
    return isPlainJson(field) ? searchJson : searchOf(field.message);
  }
  return field.scalar === ScalarType.STRING ? searchText : undefined;
}

/** protobuf-es represents google.protobuf.Struct as a plain object, except within google.protobuf.Value. */
function isPlainJson({ message, parent }: DescField): boolean {
  return message?.typeName === 'google.protobuf.Struct' && !isPartOfJson(parent);
}

/** Whether a message represents JSON, so that its fields are not steps of a path. */
function isPartOfJson({ typeName }: DescMessage): boolean {
  return /^google\.protobuf\.(Struct|Value|ListValue)$/.test(typeName);
}

function isAnsweredOneByOne(field: DescField): boolean {
  const { type } = getOption(field, fieldRules);
  return type.case === 'repeated' && type.value.items?.ignore === Ignore.ALWAYS;
}

const searchText: Search = (text, trail, found) => {
  if ((text as string).includes(NUL)) {
    note(trail, found);
  }
};

function note(trail: readonly string[], found: FieldViolation[]): void {
  found.push({ field: trail.join('').replace(/^\./, ''), description: 'must not have the character U+0000' });
}

const searchList = (list: unknown, search: Search, trail: string[], found: FieldViolation[]) => {
  for (const [index, element] of (list as readonly unknown[]).entries()) {
    trail.push(`[${index}]`);
    search(element, trail, found);
    trail.pop();
  }
};

/** Keys are texts as well. */
function searchEntries(
  map: unknown,
  stepOf: (key: string) => string,
  search: Search | undefined,
  trail: string[],
  found: FieldViolation[],
): void {
  for (const [key, value] of Object.entries(map as object)) {
    trail.push(stepOf(key));
    if (key.includes(NUL)) {
      note(trail, found);
    }
    search?.(value, trail, found);
    trail.pop();
  }
}

const searchJson: Search = (json, ...at) => {
  if (typeof json === 'string') {
    searchText(json, ...at);
  } else if (Array.isArray(json)) {
    searchList(json, searchJson, ...at);
  } else if (typeof json === 'object' && json !== null) {
    searchEntries(json, jsonStep, searchJson, ...at);
  }
};
