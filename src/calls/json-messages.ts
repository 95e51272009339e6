/**
 * Checks a JSON text against a message's descriptor before protobuf's decoder reads it. The decoder stops at the first
 * fault and has no path; this check finds every fault, with the path of its field.
 */
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { hasCustomJsonRepresentation } from '@bufbuild/protobuf/wkt';
import { type KnownName, nearestName } from '../values/nearest-name.ts';
import { valueRules } from './field-rules.ts';
import { listReader, mapReader, readFree } from './json-containers.ts';
import {
  durationFault,
  enumReader,
  type JsonReader,
  readString,
  refuse,
  scalarReader,
  timestampFault,
} from './json-scalars.ts';
import type { JsonWalk } from './json-walk.ts';
import { isSecret } from './secret-fields.ts';

interface JsonField {
  readonly field: DescField;
  /** The name of its oneof, in a list; empty when it is in none. */
  readonly oneof: readonly string[];
  readonly read: JsonReader;
}

/** By message type; created when a type is first used. A message may contain its own type. */
const readers = new Map<string, JsonReader>();

/** Reads a message of this type. Throws a TypeError for a type of google.protobuf that no request has. */
export function messageReader(desc: DescMessage): JsonReader {
  const known = readers.get(desc.typeName);
  if (known) {
    return known;
  }
  const fields = new Map<string, JsonField>();
  const reader = wellKnownReader(desc) ?? fieldsReader(desc, fields);
  readers.set(desc.typeName, reader);
  for (const field of hasCustomJsonRepresentation(desc) ? [] : desc.fields) {
    const oneof = field.oneof ? [field.oneof.name] : [];
    const entry = { field, oneof, read: fieldReader(field) };
    fields.set(field.jsonName, entry).set(field.name, entry);
  }
  return reader;
}

function wellKnownReader(desc: DescMessage): JsonReader | undefined {
  if (!hasCustomJsonRepresentation(desc)) {
    return undefined;
  }
  switch (desc.typeName) {
    case 'google.protobuf.Timestamp':
      return (walk) => readString(walk, timestampFault, 'must be a time, such as "2026-11-30T18:00:00Z"');
    case 'google.protobuf.Duration':
      return (walk) => readString(walk, durationFault, 'must be seconds in quotes, such as "3600s"');
    case 'google.protobuf.Struct':
      return (walk) => {
        if (walk.cursor.kind() === 'object') {
          readFree(walk);
        } else {
          refuse(walk, 'must be an object, such as {"name": "value"}');
        }
      };
    case 'google.protobuf.Value':
      return readFree;
    default:
      throw new TypeError(`no check for the JSON of ${desc.typeName}`);
  }
}

function fieldsReader(desc: DescMessage, fields: ReadonlyMap<string, JsonField>): JsonReader {
  const name = desc.typeName.slice(desc.file.proto.package.length + 1);
  return (walk) => {
    if (walk.cursor.kind() !== 'object') {
      refuse(walk, `must be an object, such as {${exampleOf(desc)}}`);
      return;
    }
    const seen: JsonField[] = [];
    const chosen: DescField[] = [];
    walk.members((key) => {
      const field = fields.get(key);
      walk.enter(key, field?.field.name ?? { key, isMapKey: false }, field?.oneof);
      if (!field) {
        noteUnknown(walk, key, desc, name);
        walk.skip();
      } else if (seen.includes(field)) {
        walk.note(givenOnce(field.field));
        walk.skip();
      } else {
        seen.push(field);
        readMember(walk, field, chosen);
      }
      walk.leave();
    });
  };
}

function givenOnce({ jsonName, name }: DescField): string {
  return jsonName === name
    ? 'must be given once'
    : `must be given once; ${jsonName} and ${name} are the same field`;
}

function readMember(walk: JsonWalk, { field, read }: JsonField, chosen: DescField[]): void {
  const { oneof } = field;
  if (walk.cursor.kind() === 'null' && !takesNull(field)) {
    walk.cursor.readWord();
    if (oneof) {
      // null means the same as an absent member, but the decoder does not treat it so in a oneof.
      walk.ignore();
    }
    return;
  }
  const other = oneof && chosen.find((each) => each.oneof === oneof);
  if (other) {
    walk.note(`must be left out beside ${other.name}: only one of them may be given`);
    walk.skip();
    return;
  }
  if (oneof) {
    chosen.push(field);
  }
  read(walk);
}

/** Whether null is a value of the field, instead of meaning absent. */
function takesNull({ fieldKind, message }: DescField): boolean {
  return fieldKind === 'message' && message.typeName === 'google.protobuf.Value';
}

/** The number of field names that an error lists. */
const MOST_LISTED = 12;

function noteUnknown(walk: JsonWalk, key: string, desc: DescMessage, messageName: string): void {
  const known: KnownName[] = desc.fields.map(({ jsonName }) => ({ name: jsonName, spellings: [jsonName] }));
  const nearest = nearestName(key, known);
  const meant = desc.fields.find(({ jsonName }) => jsonName === nearest);
  if (meant) {
    // In the spelling of the caller.
    const spelling = key.includes('_') ? meant.name : meant.jsonName;
    walk.note(`is not a field of ${messageName}; did you mean ${spelling}?`, [
      meant.name,
      ...(meant.oneof ? [meant.oneof.name] : []),
    ]);
    return;
  }
  const names = known.slice(0, MOST_LISTED).map(({ name }) => name);
  const fields = names.length === 0 ? 'no fields' : names.join(', ');
  const rest = known.length > MOST_LISTED ? ` and ${known.length - MOST_LISTED} more` : '';
  walk.note(`is not a field of ${messageName}, which has ${fields}${rest}`);
}

function exampleOf({ fields }: DescMessage): string {
  const [first] = fields;
  return first ? `"${first.jsonName}": …` : '';
}

function fieldReader(field: DescField): JsonReader {
  if (isSecret(field)) {
    return readSecret;
  }
  switch (field.fieldKind) {
    case 'scalar':
      return scalarReader(field.scalar);
    case 'enum':
      return enumReader(field.enum, valueRules(field));
    case 'message':
      return lateReader(field.message);
    case 'list':
      return listReader(elementReader(field));
    case 'map':
      if (field.mapKey !== ScalarType.STRING) {
        throw new TypeError(`no check for the keys of ${field}`);
      }
      return mapReader(elementReader(field));
  }
}

function elementReader(field: DescField & { fieldKind: 'list' | 'map' }): JsonReader {
  if (field.message) {
    return lateReader(field.message);
  }
  return field.enum ? enumReader(field.enum, valueRules(field)) : scalarReader(field.scalar);
}

/** A text that errors must not repeat. */
function readSecret(walk: JsonWalk): void {
  if (walk.cursor.kind() !== 'string') {
    walk.skip();
    walk.note('must be a string in double quotes');
  } else if (!walk.cursor.readString().isWellFormed()) {
    walk.note('must be Unicode');
  }
}

/** Looked up on use, because the type may be the one that is being created. */
function lateReader(desc: DescMessage): JsonReader {
  messageReader(desc);
  return (walk) => messageReader(desc)(walk);
}
