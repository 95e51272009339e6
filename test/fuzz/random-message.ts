/** Random messages by their descriptors: every field, hostile values, and sometimes what exists. */
import { create, type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Random } from '../faults/seeded-random.ts';

const DAY_MS = 86_400_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MOST_ITEMS = 3;
const DEEPEST = 6;

const TEXTS = [
  ...[
    '',
    ' ',
    '\0',
    'a\0b',
    'é',
    '\u202e',
    '💪',
    "'; drop table users; --",
    '%_\\',
    '../../etc/passwd',
    '{{user.name}}',
  ],
  ...['null', 'NaN', '-0', '1e999', '0x10', '142.5', '-1', '99999999999999999999', '0.000000001', '1,5'],
  ...[
    '2026-11-30',
    '2026-02-30',
    '9999-12-31T23:59:60Z',
    '0000-00-00',
    'Europe/Berlin',
    'Mars/Olympus',
    '* * * * *',
  ],
  ...['kg', 'lb', 'http://127.0.0.1/', 'https://example.com/hook', 'not-a-uuid', 'A'.repeat(3000), '\n\r\t'],
  ...[
    '00000000-0000-0000-0000-000000000000',
    'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
    '__proto__',
    'constructor',
  ],
];
/** What many fields take, so that calls get beyond the rules of their fields. */
const PLAUSIBLE_TEXTS = [
  '2.5',
  '60',
  '100',
  'a-slug',
  'A name',
  'session_completed',
  'Europe/Berlin',
  '0 9 * * *',
];
const PLAUSIBLE_NUMBERS = [0, 1, 2, 3, 5, 10];
const NUMBERS = [0, 1, 2, 5, 10, 100, 500, 501, -1, 2 ** 31 - 1, -(2 ** 31)];
const LARGE = [0n, 1n, -1n, 1_800_000_000n, 2n ** 63n - 1n, -(2n ** 63n)];

/** `known` are texts that the service gave out: ids, tokens, names. */
export function randomMessage(
  schema: DescMessage,
  random: Random,
  known: readonly string[],
  depth = 0,
): Message {
  if (schema.typeName === 'google.protobuf.Timestamp' && random.next() < 0.8) {
    return timestampFromMs(Date.UTC(2026, 10, 30) + random.between(-400, 1) * DAY_MS);
  }
  const message = reflect(schema, create(schema));
  const share = random.pick([0.2, 0.5, 0.9]);
  for (const field of schema.fields) {
    if (depth < DEEPEST && random.next() < share) {
      setField(message, field, random, known, depth);
    }
  }
  return message.message;
}

function setField(
  message: ReflectMessage,
  field: DescField,
  random: Random,
  known: readonly string[],
  depth: number,
): void {
  const inner = (schema: DescMessage) => reflect(schema, randomMessage(schema, random, known, depth + 1));
  switch (field.fieldKind) {
    case 'scalar':
      message.set(field, randomScalar(field.scalar, field.name, random, known));
      break;
    case 'enum':
      message.set(field, randomEnum(field.enum.values, random));
      break;
    case 'message':
      message.set(field, inner(field.message));
      break;
    case 'list': {
      const list = message.get(field);
      for (let items = random.between(0, MOST_ITEMS); items > 0; items -= 1) {
        if (field.listKind === 'message') {
          list.add(inner(field.message));
        } else {
          list.add(
            field.listKind === 'enum'
              ? randomEnum(field.enum.values, random)
              : randomScalar(field.scalar, field.name, random, known),
          );
        }
      }
      break;
    }
    case 'map':
      if (field.mapKind === 'scalar') {
        message.get(field).set(random.pick(TEXTS), randomScalar(field.scalar, field.name, random, known));
      } else if (field.mapKind === 'message') {
        message.get(field).set(random.pick(TEXTS), inner(field.message));
      }
      break;
  }
}

/** Of the contract mostly, and sometimes a number that it does not have. */
function randomEnum(values: readonly { readonly number: number }[], random: Random): number {
  return random.next() < 0.05 ? 99 : random.pick(values).number;
}

function randomScalar(type: ScalarType, name: string, random: Random, known: readonly string[]): unknown {
  switch (type) {
    case ScalarType.STRING:
      return randomText(name, random, known);
    case ScalarType.BYTES:
      return new TextEncoder().encode(random.pick(TEXTS));
    case ScalarType.BOOL:
      return random.next() < 0.5;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return random.pick([...NUMBERS, 0.1, -0]);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return random.pick(LARGE);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return random.pick([0n, 1n, 2n ** 64n - 1n]);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return Math.abs(random.pick(NUMBERS));
    default:
      return random.pick(random.next() < 0.7 ? PLAUSIBLE_NUMBERS : NUMBERS);
  }
}

function randomText(name: string, random: Random, known: readonly string[]): string {
  const isId = /(^|_)ids?$/.test(name);
  const fitting = isId ? known.filter((text) => UUID.test(text)) : [...known, ...PLAUSIBLE_TEXTS];
  return fitting.length > 0 && random.next() < 0.7 ? random.pick(fitting) : random.pick(TEXTS);
}
