/**
 * The inputs of a message by its descriptor, so that a field or a kind of step that the API gains is here as well. What
 * has an editor of its own gets it: filters, lists of steps, ids, spans of time.
 */
import comments from 'virtual:proto-comments';
import {
  type DescField,
  type DescMessage,
  type DescOneof,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from '@bufbuild/protobuf';
import { ActionSchema } from '../../../../src/gen/automation/v1/action_pb.ts';
import { FilterGroupSchema } from '../../../../src/gen/automation/v1/filter_pb.ts';
import { emptyValue } from '../../api/message-form.tsx';
import { sentenceCase } from '../../words/formats.ts';
import { BuilderProvider, useBuilder } from './builder-context.ts';
import { objectsIn, withField, withItem } from './draft.ts';
import { FieldRow, Violations } from './field-row.tsx';
import { FilterEditor } from './filter-editor.tsx';
import { SingleControl } from './single-control.tsx';
import { StepList } from './step-list.tsx';
import { isListOfSecrets, isTemplate, SecretNames, TemplateValues } from './template-values.tsx';

interface MessageFieldsProps {
  readonly schema: DescMessage;
  readonly value: JsonObject;
  readonly path: string;
  readonly onChange: (value: JsonObject) => void;
  /** Fields that another editor has. */
  readonly without?: readonly string[];
}

/** Set by the service, never by a caller. */
const OUTPUT_ONLY = /\bOutput only\b/;

export function MessageFields({ schema, value, path, onChange, without = [] }: MessageFieldsProps) {
  return schema.members.map((member) => {
    if (member.kind === 'oneof') {
      return <OneofRow key={member.name} oneof={member} {...{ value, path, onChange }} />;
    }
    const isEditable = !without.includes(member.name) && !OUTPUT_ONLY.test(commentOf(member) ?? '');
    return (
      isEditable && (
        <FieldEditor
          key={member.name}
          field={member}
          path={`${path}.${member.name}`}
          value={value[member.jsonName]}
          eventName={eventNameIn(value)}
          onChange={(next) => onChange(withField(value, member.jsonName, next))}
        />
      )
    );
  });
}

/** The event that a filter beside it is about; undefined: none is chosen. */
function eventNameIn({ eventType, event }: JsonObject): string | undefined {
  const name = eventType ?? event;
  return typeof name === 'string' ? name : undefined;
}

/** One of several fields, which a list names. */
function OneofRow({
  oneof: { name, fields },
  value,
  path,
  onChange,
}: Omit<MessageFieldsProps, 'schema'> & { oneof: DescOneof }) {
  const chosen = fields.find(({ jsonName }) => value[jsonName] !== undefined);
  function choose(jsonName: string): void {
    const rest = fields.reduce((left, field) => withField(left, field.jsonName, undefined), value);
    const field = fields.find((each) => each.jsonName === jsonName);
    onChange(field ? withField(rest, jsonName, firstValue(field)) : rest);
  }
  return (
    <>
      <FieldRow label={labelOf(name)} path={path}>
        {(control) => (
          <select {...control} value={chosen?.jsonName ?? ''} onChange={({ target }) => choose(target.value)}>
            <option value="">Choose one</option>
            {fields.map((field) => (
              <option key={field.name} value={field.jsonName}>
                {sentenceCase(field.name)}
              </option>
            ))}
          </select>
        )}
      </FieldRow>
      {chosen && (
        <FieldEditor
          field={chosen}
          path={`${path}.${chosen.name}`}
          value={value[chosen.jsonName]}
          onChange={(next) => onChange(withField(value, chosen.jsonName, next ?? clearedValue(chosen)))}
        />
      )}
    </>
  );
}

/** What a field of a oneof has when it is chosen. */
function firstValue(field: DescField): JsonValue {
  switch (field.message?.typeName) {
    case 'google.protobuf.Duration':
      return '86400s';
    case 'google.protobuf.Timestamp':
      return new Date().toISOString();
    default:
      return field.scalar === ScalarType.BOOL
        ? true
        : field.scalar === ScalarType.UINT32
          ? 1
          : emptyValue(field);
  }
}

/** What it has when its input is empty: it stays the chosen one. */
function clearedValue(field: DescField): JsonValue {
  return field.message?.typeName === 'google.protobuf.Duration' ? '0s' : emptyValue(field);
}

interface FieldEditorProps {
  readonly field: DescField;
  readonly path: string;
  readonly value: JsonValue | undefined;
  /** The event that a filter is about; undefined: that of the trigger. */
  readonly eventName?: string | undefined;
  /** Instead of the field's name. */
  readonly label?: string;
  readonly onChange: (value: JsonValue | undefined) => void;
}

export function FieldEditor({ field, path, value, eventName, label: given, onChange }: FieldEditorProps) {
  const context = useBuilder();
  const label = given ?? labelOf(field.name);
  if (field.fieldKind === 'list' && field.listKind === 'message') {
    return field.message.typeName === ActionSchema.typeName ? (
      <Group label={label} path={path}>
        <StepList steps={objectsIn(value)} path={path} onChange={onChange} />
      </Group>
    ) : (
      <MessageList {...{ field, label, path, onChange }} items={objectsIn(value)} />
    );
  }
  if (field.fieldKind === 'message' && field.message.typeName === FilterGroupSchema.typeName) {
    return (
      <Group label={label} path={path}>
        <BuilderProvider
          value={
            eventName === undefined
              ? context
              : { ...context, eventType: context.eventTypes.find(({ name }) => name === eventName) }
          }
        >
          <FilterEditor group={(value ?? {}) as JsonObject} path={path} onChange={onChange} />
        </BuilderProvider>
      </Group>
    );
  }
  if (field.fieldKind === 'message' && !field.message.typeName.startsWith('google.protobuf.')) {
    return (
      <Group label={label} path={path}>
        {value === undefined ? (
          <button type="button" className="link" onClick={() => onChange({})}>
            Set {label.toLowerCase()}
          </button>
        ) : (
          <>
            <MessageFields schema={field.message} value={value as JsonObject} {...{ path, onChange }} />
            <button type="button" className="link" onClick={() => onChange(undefined)}>
              Leave {label.toLowerCase()} out
            </button>
          </>
        )}
      </Group>
    );
  }
  return (
    <FieldRow label={label} path={path} hint={commentOf(field)}>
      {(control) => (
        <>
          <SingleControl {...{ field, value, onChange, control }} />
          {isTemplate(field) && <TemplateValues {...{ field, path, label, value, onChange }} />}
          {isListOfSecrets(field) && <SecretNames {...{ label, value, onChange }} />}
        </>
      )}
    </FieldRow>
  );
}

function MessageList({
  field,
  label,
  path,
  items,
  onChange,
}: {
  field: DescField & { fieldKind: 'list'; listKind: 'message' };
  label: string;
  path: string;
  items: readonly JsonObject[];
  onChange: (value: JsonValue | undefined) => void;
}) {
  const change = (next: JsonObject[]) => onChange(next.length > 0 ? next : undefined);
  return (
    <Group label={label} path={path}>
      {items.map((item, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: items have no identity but their place
        <div key={index} className="item">
          <MessageFields
            schema={field.message}
            value={item}
            path={`${path}[${index}]`}
            onChange={(next) => change(withItem(items, index, next))}
          />
          <button type="button" className="link" onClick={() => change(withItem(items, index, undefined))}>
            Remove {label.toLowerCase()} {index + 1}
          </button>
        </div>
      ))}
      <button type="button" className="link" onClick={() => change([...items, {}])}>
        Add to {label.toLowerCase()}
      </button>
    </Group>
  );
}

function Group({ label, path, children }: { label: string; path: string; children: React.ReactNode }) {
  return (
    <fieldset className="group">
      <legend>{label}</legend>
      <Violations path={path} />
      {children}
    </fieldset>
  );
}

function commentOf(field: DescField): string | undefined {
  return comments[`${field.parent.typeName}.${field.name}`]?.replaceAll('`', '');
}

/** `program_id` → `Program`, `round_to` → `Round to`. */
function labelOf(name: string): string {
  return sentenceCase(name.replace(/^progression_id$/, 'rule').replace(/_id$/, ''));
}
