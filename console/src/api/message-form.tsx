/** A form for a message of any type: its value is the message's JSON. */

import comments from 'virtual:proto-comments';
import type { DescField, DescMessage, JsonObject, JsonValue } from '@bufbuild/protobuf';
import { useId } from 'react';
import { FieldInput } from './field-input.tsx';

interface MessageFormProps {
  readonly schema: DescMessage;
  readonly value: JsonObject;
  readonly onChange: (value: JsonObject) => void;
}

/** Fields of a oneof stand together; one that is set hides the others. */
export function MessageForm({ schema, value, onChange }: MessageFormProps) {
  if (schema.members.length === 0) {
    return <p className="quiet">This message has no fields.</p>;
  }
  const set = (field: DescField, next: JsonValue | undefined) => onChange(withField(value, field, next));
  return (
    <div className="fields">
      {schema.members.map((member) =>
        member.kind === 'oneof' ? (
          <OneofFields key={member.name} name={member.name} fields={member.fields} {...{ value, onChange }} />
        ) : (
          <FieldRow
            key={member.name}
            field={member}
            value={value[member.jsonName]}
            onChange={(next) => set(member, next)}
          />
        ),
      )}
    </div>
  );
}

function OneofFields({
  name,
  fields,
  value,
  onChange,
}: {
  name: string;
  fields: readonly DescField[];
  value: JsonObject;
  onChange: (value: JsonObject) => void;
}) {
  const id = useId();
  const chosen = fields.find((field) => value[field.jsonName] !== undefined);
  const without = () => fields.reduce<JsonObject>((rest, field) => withField(rest, field, undefined), value);
  return (
    <div className="oneof">
      <label htmlFor={id}>
        <code>{name}</code> <span className="quiet">one of</span>
      </label>
      <select
        id={id}
        value={chosen?.jsonName ?? ''}
        onChange={(event) => {
          const field = fields.find(({ jsonName }) => jsonName === event.target.value);
          onChange(field ? withField(without(), field, emptyValue(field)) : without());
        }}
      >
        <option value="">none</option>
        {fields.map((field) => (
          <option key={field.name} value={field.jsonName}>
            {field.name}
          </option>
        ))}
      </select>
      {chosen && (
        <FieldRow
          field={chosen}
          value={value[chosen.jsonName]}
          onChange={(next) => onChange(withField(value, chosen, next ?? emptyValue(chosen)))}
        />
      )}
    </div>
  );
}

function FieldRow({
  field,
  value,
  onChange,
}: {
  field: DescField;
  value: JsonValue | undefined;
  onChange: (value: JsonValue | undefined) => void;
}) {
  const id = useId();
  const comment = comments[`${field.parent.typeName}.${field.name}`];
  return (
    <div className="field">
      <div className="field-name">
        <label htmlFor={id}>
          <code>{field.name}</code>
        </label>{' '}
        <span className="quiet">{typeName(field)}</span>
      </div>
      <FieldInput id={id} {...{ field, value, onChange }} />
      {comment && <p className="field-comment quiet">{comment}</p>}
    </div>
  );
}

function withField(value: JsonObject, { jsonName }: DescField, next: JsonValue | undefined): JsonObject {
  const { [jsonName]: _, ...rest } = value;
  return next === undefined ? rest : { ...rest, [jsonName]: next };
}

/** What a field is set to when it is chosen, before anything is typed. */
export function emptyValue(field: DescField): JsonValue {
  switch (field.fieldKind) {
    case 'message':
      return field.message.typeName.startsWith('google.protobuf.') && !/Struct$/.test(field.message.typeName)
        ? ''
        : {};
    case 'list':
      return [];
    case 'map':
      return {};
    case 'enum':
      return field.enum.values[0]?.name ?? '';
    default:
      return field.scalar === BOOL ? false : '';
  }
}

/** ScalarType.BOOL. */
const BOOL = 8;

const SCALAR_NAMES: Readonly<Record<number, string>> = {
  ...{
    1: 'double',
    2: 'float',
    3: 'int64',
    4: 'uint64',
    5: 'int32',
    8: 'bool',
    9: 'string',
    12: 'bytes',
    13: 'uint32',
  },
};

function typeName(field: DescField): string {
  switch (field.fieldKind) {
    case 'message':
      return field.message.name;
    case 'enum':
      return field.enum.name;
    case 'list':
      return `list of ${field.listKind === 'message' ? field.message.name : field.listKind === 'enum' ? field.enum.name : SCALAR_NAMES[field.scalar]}`;
    case 'map':
      return 'map';
    default:
      return SCALAR_NAMES[field.scalar] ?? '';
  }
}
