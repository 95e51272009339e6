/** Reads the fields of messages by their descriptors, for walks over any message. */
import type { DescField, Message } from '@bufbuild/protobuf';

/** The field's value as the message has it; undefined: an unset message, or another member of the field's oneof. */
export function fieldValue(message: Message, field: DescField): unknown {
  const values = message as unknown as Record<string, unknown>;
  if (!field.oneof) {
    return values[field.localName];
  }
  const chosen = values[field.oneof.localName] as { case?: string; value?: unknown };
  return chosen.case === field.localName ? chosen.value : undefined;
}

/** The messages that a field of a message type holds: one, those of a list, or those of a map. */
export function messagesIn(message: Message, field: DescField): Message[] {
  const value = fieldValue(message, field);
  if (value === undefined) {
    return [];
  }
  if (field.fieldKind === 'list') {
    return value as Message[];
  }
  return field.fieldKind === 'map' ? Object.values(value as Record<string, Message>) : [value as Message];
}
