/** Hides the secrets of messages: the fields that a .proto file marks with the option `secret`. */
import {
  clearField,
  type DescField,
  type DescMessage,
  getOption,
  isFieldSet,
  type Message,
  type MessageShape,
} from '@bufbuild/protobuf';
import { secret as secretOption } from '../gen/progression/v1/access_pb.ts';
import { messagesIn } from './message-fields.ts';

type Hide = (message: Message) => void;

/** Made when a type is first seen; null: no field of it, or of what it contains, is a secret. */
const hides = new Map<DescMessage, Hide | null>();

/**
 * Empties every secret field of the message and of those within it, and sets the bool field `has_<name>` beside one
 * that had a value. In place; returns the message. Messages packed into an Any, and JSON in a Struct, are not looked at.
 */
export function hideSecrets<D extends DescMessage>(schema: D, message: MessageShape<D>): MessageShape<D> {
  hideOf(schema)?.(message);
  return message;
}

/** Whether messages of the type can hold a secret. */
export function holdsSecrets(schema: DescMessage): boolean {
  return hideOf(schema) !== null;
}

function hideOf(schema: DescMessage): Hide | null {
  const known = hides.get(schema);
  if (known !== undefined) {
    return known;
  }
  if (!reachesSecret(schema, new Set())) {
    hides.set(schema, null);
    return null;
  }
  const steps: Hide[] = [];
  const hide: Hide = (message) => {
    for (const step of steps) {
      step(message);
    }
  };
  // Before the fields are looked at: a message may contain its own type.
  hides.set(schema, hide);
  steps.push(...schema.fields.flatMap(stepsOf));
  return hide;
}

function reachesSecret(schema: DescMessage, seen: Set<DescMessage>): boolean {
  if (seen.has(schema)) {
    return false;
  }
  seen.add(schema);
  return schema.fields.some(
    (field) => isSecret(field) || (field.message !== undefined && reachesSecret(field.message, seen)),
  );
}

/** Whether the .proto file marks the field as a secret. */
export function isSecret(field: DescField): boolean {
  return getOption(field, secretOption);
}

function stepsOf(field: DescField): Hide[] {
  if (isSecret(field)) {
    return [hideValue(field)];
  }
  const hide = field.message && hideOf(field.message);
  return hide
    ? [
        (message) => {
          for (const each of messagesIn(message, field)) {
            hide(each);
          }
        },
      ]
    : [];
}

function hideValue(field: DescField): Hide {
  const flag = field.parent.fields.find(({ name }) => name === `has_${field.name}`);
  return (message) => {
    if (isFieldSet(message, field)) {
      clearField(message, field);
      if (flag) {
        (message as unknown as Record<string, unknown>)[flag.localName] = true;
      }
    }
  };
}
