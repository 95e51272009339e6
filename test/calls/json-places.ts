/** Every path in the JSON of a request where a field can be, found by walking its descriptor. */
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { hasCustomJsonRepresentation } from '@bufbuild/protobuf/wkt';

/** An object of a request. */
export interface JsonPlace {
  readonly message: DescMessage;
  /** Of the object, as a violation says it; empty for the request itself. */
  readonly path: string;
  /** The JSON of the whole request with this object in its place, and nothing else. */
  readonly within: (object: unknown) => unknown;
}

/** A recursive message is entered twice. */
const MOST_OF_A_KIND = 2;

/** The request and every message in it, at every depth. */
export function placesOf(message: DescMessage): JsonPlace[] {
  return placesBelow({ message, path: '', within: (object) => object }, []);
}

function placesBelow(place: JsonPlace, around: readonly DescMessage[]): JsonPlace[] {
  const { message } = place;
  const inner = [...around, message];
  return [
    place,
    ...message.fields.flatMap((field) => {
      const child = field.message;
      const isOpen = child && !hasCustomJsonRepresentation(child) && isNew(child, inner);
      return isOpen ? placesBelow(placeOf(place, field, child), inner) : [];
    }),
  ];
}

function isNew(message: DescMessage, around: readonly DescMessage[]): boolean {
  return around.filter((each) => each === message).length < MOST_OF_A_KIND;
}

/** In a list the object is the second element, after an empty one. */
function placeOf({ path, within }: JsonPlace, field: DescField, message: DescMessage): JsonPlace {
  const name = path === '' ? field.name : `${path}.${field.name}`;
  return field.fieldKind === 'list'
    ? { message, path: `${name}[1]`, within: (object) => within({ [field.jsonName]: [{}, object] }) }
    : { message, path: name, within: (object) => within({ [field.jsonName]: object }) };
}

/** A JSON value that the field takes by its type; messages are two levels of a kind deep, as above. */
export function sampleOf(message: DescMessage, around: readonly DescMessage[] = []): Record<string, unknown> {
  const chosen = new Set<string>();
  const entries = message.fields.flatMap((field) => {
    const { oneof } = field;
    if (field.message && !hasCustomJsonRepresentation(field.message) && !isNew(field.message, around)) {
      return [];
    }
    if (oneof && chosen.has(oneof.name)) {
      return [];
    }
    if (oneof) {
      chosen.add(oneof.name);
    }
    return [[field.jsonName, sampleOfField(field, [...around, message])] as const];
  });
  return Object.fromEntries(entries);
}

function sampleOfField(field: DescField, around: readonly DescMessage[]): unknown {
  const one = sampleOfValue(field, around);
  switch (field.fieldKind) {
    case 'list':
      return [one, one];
    case 'map':
      return { one, 'and another': one };
    default:
      return one;
  }
}

const WELL_KNOWN: Readonly<Record<string, unknown>> = {
  'google.protobuf.Timestamp': '2024-02-29T23:59:59.123456789-11:30',
  'google.protobuf.Duration': '-315576000000.000000001s',
  'google.protobuf.Struct': { text: 'a', list: [1, null, { deep: true }] },
  'google.protobuf.Value': ['a', 1.5, null, false, { key: [] }],
};

function sampleOfValue(field: DescField, around: readonly DescMessage[]): unknown {
  if (field.message) {
    return WELL_KNOWN[field.message.typeName] ?? sampleOf(field.message, around);
  }
  if (field.enum) {
    return field.enum.values.at(-1)?.name;
  }
  switch (field.scalar) {
    case ScalarType.INT32:
    case ScalarType.UINT32:
      return 2_147_483_647;
    case ScalarType.BOOL:
      return true;
    case ScalarType.STRING:
      return 'Größe 😀 "quoted"\n';
    case ScalarType.BYTES:
      return 'AQID';
    default:
      throw new TypeError(`no sample for ${field}`);
  }
}
