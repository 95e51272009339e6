/** Steps in their order: each can be moved and removed. Kinds of steps may have lists of steps in their turn. */
import type { DescField, JsonObject } from '@bufbuild/protobuf';
import { useEffect, useId, useRef } from 'react';
import { ActionSchema } from '../../../../src/gen/automation/v1/action_pb.ts';
import { sentenceCase } from '../../words/formats.ts';
import { withField, withItem } from './draft.ts';
import { Violations } from './field-row.tsx';
import { FieldEditor, MessageFields } from './message-fields.tsx';

interface StepListProps {
  readonly steps: readonly JsonObject[];
  readonly path: string;
  readonly onChange: (steps: JsonObject[]) => void;
}

export function StepList({ steps, path, onChange }: StepListProps) {
  function swap(index: number, other: number): void {
    const moved = [...steps];
    [moved[index], moved[other]] = [steps[other] ?? {}, steps[index] ?? {}];
    onChange(moved);
  }
  return (
    <>
      <ol className="step-list">
        {steps.map((step, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: steps have no identity but their place
          <li key={index}>
            <StepEditor
              step={step}
              number={index + 1}
              path={`${path}[${index}]`}
              onChange={(next) => onChange(withItem(steps, index, next))}
            />
            <div className="step-tools">
              <button
                type="button"
                aria-label={`Move step ${index + 1} up`}
                disabled={index === 0}
                onClick={() => swap(index, index - 1)}
              >
                ↑
              </button>
              <button
                type="button"
                aria-label={`Move step ${index + 1} down`}
                disabled={index === steps.length - 1}
                onClick={() => swap(index, index + 1)}
              >
                ↓
              </button>
              <button
                type="button"
                aria-label={`Remove step ${index + 1}`}
                onClick={() => onChange(withItem(steps, index, undefined))}
              >
                ×
              </button>
            </div>
          </li>
        ))}
      </ol>
      <button type="button" onClick={() => onChange([...steps, {}])}>
        Add a step
      </button>
    </>
  );
}

const [KINDS] = ActionSchema.oneofs;
/** Those that steps of every kind have. */
const FURTHER_FIELDS = ActionSchema.fields.filter(({ oneof }) => oneof === undefined);

interface StepEditorProps {
  readonly step: JsonObject;
  readonly number: number;
  readonly path: string;
  readonly onChange: (step: JsonObject) => void;
}

function StepEditor({ step, number, path, onChange }: StepEditorProps) {
  const id = useId();
  const select = useRef<HTMLSelectElement>(null);
  const kind = KINDS?.fields.find(({ jsonName }) => step[jsonName] !== undefined);
  const isNew = kind === undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a step that was just added takes the focus
  useEffect(() => {
    if (isNew) {
      select.current?.focus();
    }
  }, []);
  function choose(jsonName: string): void {
    const rest = kind ? withoutKind(step, kind) : step;
    onChange(jsonName === '' ? rest : { ...rest, [jsonName]: {} });
  }
  return (
    <div className="step">
      <label htmlFor={id} className="unseen">
        Kind of step {number}
      </label>
      <select
        id={id}
        ref={select}
        value={kind?.jsonName ?? ''}
        onChange={({ target }) => choose(target.value)}
      >
        <option value="">Choose what happens</option>
        {KINDS?.fields.map(({ name, jsonName }) => (
          <option key={name} value={jsonName}>
            {sentenceCase(name)}
          </option>
        ))}
      </select>
      <Violations path={path} />
      {kind?.message && (
        <MessageFields
          schema={kind.message}
          value={step[kind.jsonName] as JsonObject}
          path={`${path}.${kind.name}`}
          onChange={(next) => onChange({ ...step, [kind.jsonName]: next })}
        />
      )}
      {kind &&
        FURTHER_FIELDS.map((field) => (
          <details key={field.name} open={step[field.jsonName] !== undefined}>
            <summary>{sentenceCase(field.name)}</summary>
            <FieldEditor
              field={field}
              label={`${sentenceCase(field.name)} of step ${number}`}
              path={`${path}.${field.name}`}
              value={step[field.jsonName]}
              onChange={(next) => onChange(withField(step, field.jsonName, next))}
            />
          </details>
        ))}
    </div>
  );
}

function withoutKind(step: JsonObject, { jsonName }: DescField): JsonObject {
  const { [jsonName]: _, ...rest } = step;
  return rest;
}
