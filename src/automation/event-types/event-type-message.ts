/** Converts event types and fields to messages, and definitions from messages. */
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import { enumValue } from '../../calls/enum-name.ts';
import { FIELD_TYPES, type FieldType } from '../../filters/filter.ts';
import { listOperators } from '../../filters/filter-operators.ts';
import {
  type AccountFieldSchema,
  type EventTypeSchema,
  FieldTypeSchema,
  type FieldType as WireType,
} from '../../gen/automation/v1/trigger_service_pb.ts';
import type { AccountField } from './account-types.ts';
import type { EventType } from './event-type.ts';

export function eventTypeMessage(type: EventType): MessageInitShape<typeof EventTypeSchema> {
  return {
    name: type.name,
    category: type.category,
    description: type.description,
    fields: type.fields.map((field) => ({
      name: field.name,
      type: wireType(field.type),
      description: field.description,
      operators: listOperators(field.type, type.hasPrevious),
      isPersonal: field.isPersonal,
    })),
    requiredConfiguration: [...type.requiredConfiguration],
    hasPrevious: type.hasPrevious,
    source: type.source,
    sample: type.sample as JsonObject,
    samplePrevious: (type.samplePrevious ?? undefined) as JsonObject | undefined,
  };
}

export function accountFieldMessage(field: AccountField): MessageInitShape<typeof AccountFieldSchema> {
  const { path, type, description, isPersonal } = field;
  return { path, type: wireType(type), description, isPersonal, operators: listOperators(type) };
}

function wireType(type: FieldType): WireType {
  return enumValue(FieldTypeSchema, type.toUpperCase());
}

/** undefined for the unspecified type, and for numbers that the contract lacks. */
export function fieldTypeOf(type: WireType): FieldType | undefined {
  const name = FieldTypeSchema.value[type]?.localName.toLowerCase();
  return FIELD_TYPES.find((each) => each === name);
}
