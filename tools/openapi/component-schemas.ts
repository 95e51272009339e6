/** JSON Schemas of the messages and enums that methods reach. */
import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';
import { type Contract, commentOf } from './contract.ts';
import { isComponent, isRequired, type JsonSchema, schemaOfField } from './field-schemas.ts';

/** The messages that are sent and received, and all that they contain. */
export interface Reached {
  readonly messages: ReadonlySet<DescMessage>;
  readonly enums: ReadonlySet<DescEnum>;
}

export function reachFrom(roots: Iterable<DescMessage>): Reached {
  const messages = new Set<DescMessage>();
  const enums = new Set<DescEnum>();
  const visit = (message: DescMessage) => {
    if (messages.has(message) || !isComponent(message)) {
      return;
    }
    messages.add(message);
    for (const field of message.fields) {
      if (field.enum) {
        enums.add(field.enum);
      }
      if (field.message) {
        visit(field.message);
      }
    }
  };
  for (const root of roots) {
    visit(root);
  }
  return { messages, enums };
}

/**
 * An answer leaves out fields with their default value, and a newer server adds fields. So what must be there, and that
 * nothing else may, is stated of messages that are only sent to the service.
 */
export function schemaOfMessage(contract: Contract, message: DescMessage, isOnlySent: boolean): JsonSchema {
  const properties = Object.fromEntries(
    message.fields.map((field) => [field.jsonName, describeField(contract, field)]),
  );
  const required = message.fields
    .filter((field) => isRequired(field, contract.rulesOf(field)))
    .map(({ jsonName }) => jsonName);
  const choices = contract.choicesOf(message).map(schemaOfChoice);
  return {
    type: 'object',
    ...descriptionOf(message),
    properties,
    ...(isOnlySent && {
      ...(required.length > 0 && { required }),
      ...(choices.length > 0 && { allOf: choices }),
      additionalProperties: false,
    }),
  };
}

export function schemaOfEnum(desc: DescEnum): JsonSchema {
  const values = desc.values.map((value) => [`- \`${value.name}\``, commentOf(value).replaceAll('\n', ' ')]);
  const list = values.map((line) => line.filter((part) => part !== '').join(': ')).join('\n');
  return {
    type: 'string',
    description: [commentOf(desc), list].filter((part) => part !== '').join('\n\n'),
    enum: desc.values.map(({ name }) => name),
  };
}

function describeField(contract: Contract, field: DescField): JsonSchema {
  const { deprecated } = field;
  return {
    ...schemaOfField(field, contract.rulesOf(field)),
    ...descriptionOf(field),
    ...(contract.isSecret(field) && { writeOnly: true }),
    ...(deprecated && { deprecated }),
  };
}

function schemaOfChoice({ fields, isRequired: isOneNeeded }: ReturnType<Contract['choicesOf']>[number]) {
  const each = fields.map(({ jsonName }) => ({ required: [jsonName] }));
  return { oneOf: isOneNeeded ? each : [...each, { not: { anyOf: each } }] };
}

function descriptionOf(desc: DescField | DescMessage): JsonSchema {
  const description = commentOf(desc);
  return description === '' ? {} : { description };
}
