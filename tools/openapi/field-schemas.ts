/** JSON Schemas of single fields: the proto3 JSON form of their type, narrowed by their rules. */
import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import type { FieldRules, NumberRules } from './contract.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Messages that have a JSON form of their own. */
const WELL_KNOWN: Readonly<Record<string, JsonSchema>> = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Duration': { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]{1,9})?s$' },
  'google.protobuf.Struct': { type: 'object' },
  'google.protobuf.Value': {},
  'google.protobuf.ListValue': { type: 'array', items: {} },
  'google.protobuf.FieldMask': { type: 'string' },
  'google.protobuf.Empty': { type: 'object' },
};

export const reference = (typeName: string) => `#/components/schemas/${typeName}`;

/** Whether a message has a schema of its own among the components. */
export const isComponent = ({ typeName }: DescMessage): boolean => !(typeName in WELL_KNOWN);

/** The schema of a field's value, lists and maps included. */
export function schemaOfField(field: DescField, rules: FieldRules): JsonSchema {
  switch (field.fieldKind) {
    case 'list': {
      const { minItems, maxItems, unique, items = {} } = rules.repeated ?? {};
      return {
        type: 'array',
        items: schemaOfValue(field, items),
        ...(minItems && { minItems: Number(minItems) }),
        ...(maxItems && { maxItems: Number(maxItems) }),
        ...(unique && { uniqueItems: true }),
      };
    }
    case 'map':
      return { type: 'object', additionalProperties: schemaOfValue(field, {}) };
    default:
      return schemaOfValue(field, rules);
  }
}

/** Whether a message without this field breaks the field's rules. */
export function isRequired(field: DescField, rules: FieldRules): boolean {
  if (rules.required) {
    return true;
  }
  if (rules.ignore === 'IGNORE_IF_ZERO_VALUE' || rules.ignore === 'IGNORE_ALWAYS' || field.oneof) {
    return false;
  }
  if (field.fieldKind === 'list') {
    return Number(rules.repeated?.minItems ?? 0) > 0;
  }
  // A field with presence is not checked while it is absent.
  if (field.presence !== FeatureSet_FieldPresence.IMPLICIT) {
    return false;
  }
  const { minLen, pattern, uuid } = rules.string ?? {};
  return (
    Boolean(uuid) ||
    Number(minLen ?? 0) > 0 ||
    (pattern !== undefined && !new RegExp(pattern, 'u').test('')) ||
    Boolean(rules.enum?.notIn?.includes(0)) ||
    (rules.enum?.in !== undefined && !rules.enum.in.includes(0)) ||
    excludesZero(rules.int32 ?? rules.int64)
  );
}

function excludesZero(rules: NumberRules = {}): boolean {
  const { const: only, lt, lte, gt, gte, in: allowed, notIn } = rules;
  return (
    (only !== undefined && Number(only) !== 0) ||
    (lt !== undefined && 0 >= Number(lt)) ||
    (lte !== undefined && 0 > Number(lte)) ||
    (gt !== undefined && 0 <= Number(gt)) ||
    (gte !== undefined && 0 < Number(gte)) ||
    (allowed !== undefined && !allowed.map(Number).includes(0)) ||
    (notIn?.map(Number).includes(0) ?? false)
  );
}

function schemaOfValue(field: DescField, rules: FieldRules): JsonSchema {
  if (field.message) {
    return WELL_KNOWN[field.message.typeName] ?? { $ref: reference(field.message.typeName) };
  }
  if (field.enum) {
    return schemaOfEnumValue(field.enum, rules);
  }
  switch (field.scalar) {
    case ScalarType.STRING:
      return schemaOfString(rules, rules.ignore === 'IGNORE_IF_ZERO_VALUE');
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' };
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: 'number' };
    case ScalarType.INT64:
    case ScalarType.UINT64:
      return { type: ['string', 'integer'], format: 'int64', ...schemaOfLimits(rules.int64) };
    default:
      return { type: 'integer', format: 'int32', ...schemaOfLimits(rules.int32) };
  }
}

function schemaOfEnumValue(desc: DescEnum, { enum: rules }: FieldRules): JsonSchema {
  const namesOf = (numbers: readonly number[]) =>
    numbers.map((number) => desc.value[number]?.name).filter((name) => name !== undefined);
  return {
    $ref: reference(desc.typeName),
    ...(rules?.in && { enum: namesOf(rules.in) }),
    ...(rules?.notIn && { not: { enum: namesOf(rules.notIn) } }),
  };
}

/** The rules of a field that may be empty do not apply to the empty text. */
function schemaOfString({ string: rules = {} }: FieldRules, mayBeEmpty: boolean): JsonSchema {
  const schema = {
    type: 'string',
    ...(rules.uuid && { format: 'uuid' }),
    ...(rules.pattern && { pattern: rules.pattern }),
    ...(rules.minLen && { minLength: Number(rules.minLen) }),
    ...(rules.maxLen && { maxLength: Number(rules.maxLen) }),
  };
  const refusesEmpty = rules.uuid || rules.pattern || Number(rules.minLen ?? 0) > 0;
  return mayBeEmpty && refusesEmpty ? { anyOf: [schema, { const: '' }] } : schema;
}

function schemaOfLimits({ const: only, lt, lte, gt, gte, in: allowed, notIn }: NumberRules = {}): JsonSchema {
  return {
    ...(only !== undefined && { const: Number(only) }),
    ...(lt !== undefined && { exclusiveMaximum: Number(lt) }),
    ...(lte !== undefined && { maximum: Number(lte) }),
    ...(gt !== undefined && { exclusiveMinimum: Number(gt) }),
    ...(gte !== undefined && { minimum: Number(gte) }),
    ...(allowed && { enum: allowed.map(Number) }),
    ...(notIn && { not: { enum: notIn.map(Number) } }),
  };
}
