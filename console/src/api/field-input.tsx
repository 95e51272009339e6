/** The input of one field, by its type. An empty input leaves the field out of the message. */
import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from '@bufbuild/protobuf';
import { useState } from 'react';
import { MessageForm } from './message-form.tsx';

interface InputProps {
  /** Of the element that the label is for. */
  readonly id: string;
  readonly value: JsonValue | undefined;
  readonly onChange: (value: JsonValue | undefined) => void;
}

export function FieldInput({ field, ...props }: InputProps & { field: DescField }) {
  switch (field.fieldKind) {
    case 'scalar':
      return <ScalarInput scalar={field.scalar} {...props} />;
    case 'enum':
      return <EnumInput schema={field.enum} {...props} />;
    case 'message':
      return <MessageInput schema={field.message} {...props} />;
    case 'map':
      return <JsonInput placeholder='{"key": "value"}' {...props} />;
    case 'list':
      return <ListInput field={field} {...props} />;
  }
}

const WHOLE: ReadonlySet<ScalarType> = new Set([ScalarType.INT32, ScalarType.UINT32, ScalarType.SINT32]);

function ScalarInput({ id, scalar, value, onChange }: InputProps & { scalar: ScalarType }) {
  if (scalar === ScalarType.BOOL) {
    return (
      <select
        id={id}
        value={value === undefined ? '' : `${value}`}
        onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value === 'true')}
      >
        <option value="">not set</option>
        <option value="true">true</option>
        <option value="false">false</option>
      </select>
    );
  }
  return (
    <input
      id={id}
      type="text"
      inputMode={WHOLE.has(scalar) ? 'numeric' : 'text'}
      value={value === undefined ? '' : `${value}`}
      spellCheck={false}
      autoComplete="off"
      onChange={({ target }) => onChange(target.value === '' ? undefined : scalarOf(scalar, target.value))}
    />
  );
}

/** A number where the text is one; else the text, which the server refuses with a reason. */
function scalarOf(scalar: ScalarType, text: string): JsonValue {
  return WHOLE.has(scalar) && /^-?\d+$/.test(text) ? Number(text) : text;
}

function EnumInput({ id, schema, value, onChange }: InputProps & { schema: DescEnum }) {
  return (
    <select
      id={id}
      value={value === undefined ? '' : `${value}`}
      onChange={(event) => onChange(event.target.value || undefined)}
    >
      <option value="">not set</option>
      {schema.values.map(({ name }) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

const TEXT_TYPES: Readonly<Record<string, string>> = {
  'google.protobuf.Timestamp': '2026-01-31T18:30:00Z',
  'google.protobuf.Duration': '3600s',
};

function MessageInput({ id, schema, value, onChange }: InputProps & { schema: DescMessage }) {
  const placeholder = TEXT_TYPES[schema.typeName];
  if (placeholder) {
    return (
      <input
        id={id}
        type="text"
        placeholder={placeholder}
        value={typeof value === 'string' ? value : ''}
        onChange={(event) => onChange(event.target.value || undefined)}
      />
    );
  }
  if (schema.typeName.startsWith('google.protobuf.')) {
    return (
      <JsonInput
        placeholder={schema.name === 'Struct' ? '{}' : 'any JSON value'}
        {...{ id, value, onChange }}
      />
    );
  }
  if (value === undefined) {
    return (
      <button type="button" id={id} onClick={() => onChange({})}>
        Add {schema.name}
      </button>
    );
  }
  return (
    <div className="nested" id={id}>
      <MessageForm schema={schema} value={value as JsonObject} onChange={onChange} />
      <button type="button" className="link" onClick={() => onChange(undefined)}>
        Remove {schema.name}
      </button>
    </div>
  );
}

/** Text that is JSON, or not yet. */
function JsonInput({ id, value, onChange, placeholder }: InputProps & { placeholder: string }) {
  const [text, setText] = useState(value === undefined || value === '' ? '' : JSON.stringify(value));
  const [isJson, setIsJson] = useState(true);
  function change(next: string): void {
    setText(next);
    try {
      onChange(next.trim() === '' ? undefined : JSON.parse(next));
      setIsJson(true);
    } catch {
      setIsJson(false);
    }
  }
  return (
    <>
      <textarea
        id={id}
        rows={2}
        value={text}
        placeholder={placeholder}
        spellCheck={false}
        aria-invalid={!isJson}
        onChange={(event) => change(event.target.value)}
      />
      {!isJson && <span className="bad">This is no JSON yet.</span>}
    </>
  );
}

function ListInput({
  id,
  field,
  value,
  onChange,
}: InputProps & { field: DescField & { fieldKind: 'list' } }) {
  const items = Array.isArray(value) ? value : [];
  const replace = (index: number, next: JsonValue | undefined) =>
    onChange(items.map((item, place) => (place === index ? (next ?? emptyItem(field)) : item)));
  const remove = (index: number) => {
    const rest = items.filter((_, place) => place !== index);
    onChange(rest.length > 0 ? rest : undefined);
  };
  return (
    <div className="list" id={id}>
      {items.map((item, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: items have no identity but their place
        <div key={index} className="list-item">
          <ItemInput
            field={field}
            id={`${id}-${index}`}
            value={item}
            onChange={(next) => replace(index, next)}
          />
          <button
            type="button"
            aria-label={`Remove item ${index + 1} of ${field.name}`}
            onClick={() => remove(index)}
          >
            ×
          </button>
        </div>
      ))}
      <button
        type="button"
        aria-label={`Add an item to ${field.name}`}
        onClick={() => onChange([...items, emptyItem(field)])}
      >
        Add
      </button>
    </div>
  );
}

function ItemInput({ field, ...props }: InputProps & { field: DescField & { fieldKind: 'list' } }) {
  switch (field.listKind) {
    case 'message':
      return <MessageInput schema={field.message} {...props} />;
    case 'enum':
      return <EnumInput schema={field.enum} {...props} />;
    case 'scalar':
      return (
        <div>
          <label htmlFor={props.id} className="unseen">
            Item of {field.name}
          </label>
          <ScalarInput scalar={field.scalar} {...props} />
        </div>
      );
  }
}

function emptyItem(field: DescField & { fieldKind: 'list' }): JsonValue {
  return field.listKind === 'message'
    ? {}
    : field.listKind === 'enum'
      ? (field.enum.values[0]?.name ?? '')
      : '';
}
