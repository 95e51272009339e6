/** Converts UUIDs in requests to lower case, the form in which PostgreSQL returns them. */
import { type DescField, type DescMessage, getOption, type MessageShape } from '@bufbuild/protobuf';
import { field as fieldRules } from '../gen/buf/validate/validate_pb.ts';

type Lower = (message: Record<string, unknown>) => void;

/** By message type, filled when a type is first used. */
const lowers = new Map<string, Lower>();

/** Converts every field whose schema declares a UUID, in the message and in nested messages, in place. */
export function canonicalizeIds<D extends DescMessage>(schema: D, message: MessageShape<D>): void {
  lowerOf(schema)(message as Record<string, unknown>);
}

function lowerOf(schema: DescMessage): Lower {
  const known = lowers.get(schema.typeName);
  if (known) {
    return known;
  }
  const steps: Lower[] = [];
  const lower: Lower = (message) => {
    for (const step of steps) {
      step(message);
    }
  };
  // Registered before the fields are visited, because a message may contain its own type.
  lowers.set(schema.typeName, lower);
  steps.push(...schema.fields.flatMap(stepsOf));
  return lower;
}

function stepsOf(field: DescField): Lower[] {
  const change = changeOf(field);
  if (!change) {
    return [];
  }
  const { oneof, localName } = field;
  if (!oneof || field.proto.proto3Optional) {
    return [
      (message) => {
        message[localName] = change(message[localName]);
      },
    ];
  }
  return [
    (message) => {
      const chosen = message[oneof.localName] as { case?: string; value?: unknown };
      if (chosen.case === localName) {
        chosen.value = change(chosen.value);
      }
    },
  ];
}

/** The conversion of one field's value; undefined for fields without UUIDs. */
function changeOf(field: DescField): ((value: unknown) => unknown) | undefined {
  const rules = getOption(field, fieldRules);
  if (rules.type.case === 'string' && rules.type.value.uuid) {
    return (value) => (typeof value === 'string' ? value.toLowerCase() : value);
  }
  const items = rules.type.case === 'repeated' ? rules.type.value.items : undefined;
  if (items?.type.case === 'string' && items.type.value.uuid) {
    return (value) => (value as string[]).map((id) => id.toLowerCase());
  }
  if (field.message === undefined || field.fieldKind === 'map') {
    return undefined;
  }
  const lower = lowerOf(field.message);
  return (value) => {
    for (const message of field.fieldKind === 'list' ? (value as unknown[]) : [value]) {
      if (message) {
        lower(message as Record<string, unknown>);
      }
    }
    return value;
  };
}
