/** One condition: a field, an operator that the field's type allows, and a value that the operator takes. */
import type { JsonObject } from '@bufbuild/protobuf';
import { FieldType } from '../../../../src/gen/automation/v1/trigger_service_pb.ts';
import { withField } from './draft.ts';
import { FieldRow } from './field-row.tsx';
import { splitAnswerPath, useFields } from './filter-fields.ts';
import { shapeOf, ValueControl } from './value-control.tsx';

interface ConditionEditorProps {
  readonly condition: JsonObject;
  readonly path: string;
  /** undefined removes it. */
  readonly onChange: (condition: JsonObject | undefined) => void;
}

export function ConditionEditor({ condition, path, onChange }: ConditionEditorProps) {
  const groups = useFields(path);
  const answer = splitAnswerPath(`${condition.field ?? ''}`);
  const name = answer?.field ?? `${condition.field ?? ''}`;
  const operator = `${condition.operator ?? ''}`;
  const field = groups.flatMap(({ fields }) => fields).find((each) => each.name === name);
  const needsValue = operator !== '' && shapeOf(operator) !== 'none';

  function chooseField(next: string): void {
    const chosen = groups.flatMap(({ fields }) => fields).find((each) => each.name === next);
    const kept = chosen?.operators.includes(operator) ? operator : (chosen?.operators[0] ?? '');
    const bare = withField(withField(condition, 'field', next || undefined), 'operator', kept || undefined);
    onChange(withField(bare, 'value', chosen?.type === field?.type ? condition.value : undefined));
  }
  function chooseOperator(next: string): void {
    const isAlike = shapeOf(next) === shapeOf(operator);
    const changed = withField(condition, 'operator', next || undefined);
    onChange(withField(changed, 'value', isAlike ? condition.value : undefined));
  }

  return (
    <div className="condition">
      <FieldRow label="Field" path={`${path}.field`}>
        {(control) => (
          <select {...control} value={name} onChange={({ target }) => chooseField(target.value)}>
            <option value="">Choose a field</option>
            {name !== '' && !field && <option value={name}>{name}</option>}
            {groups.map(({ label, fields }) => (
              <optgroup key={label} label={label}>
                {fields.map((each) => (
                  <option key={each.name} value={each.name}>
                    {each.name}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        )}
      </FieldRow>
      {answer && (
        <FieldRow label="Path in the answer" path={`${path}.field`}>
          {(control) => (
            <input
              type="text"
              {...control}
              autoComplete="off"
              spellCheck={false}
              placeholder="plan.name"
              value={answer.path}
              onChange={({ target }) =>
                onChange({ ...condition, field: target.value ? `${name}.${target.value}` : name })
              }
            />
          )}
        </FieldRow>
      )}
      <FieldRow label="Operator" path={`${path}.operator`}>
        {(control) => (
          <select {...control} value={operator} onChange={({ target }) => chooseOperator(target.value)}>
            {!field?.operators.includes(operator) && <option value={operator}>{operator || '–'}</option>}
            {field?.operators.map((each) => (
              <option key={each} value={each}>
                {each.replaceAll('_', ' ')}
              </option>
            ))}
          </select>
        )}
      </FieldRow>
      {needsValue && (
        <FieldRow label="Value" path={`${path}.value`}>
          {(control) => (
            <ValueControl
              {...{ control, operator, name }}
              type={field?.type ?? FieldType.UNSPECIFIED}
              value={condition.value}
              onChange={(next) => onChange(withField(condition, 'value', next))}
            />
          )}
        </FieldRow>
      )}
      <FieldRow label="When absent" path={`${path}.if_absent`}>
        {(control) => (
          <select
            {...control}
            value={`${condition.ifAbsent ?? ''}`}
            onChange={({ target }) =>
              onChange(withField(condition, 'ifAbsent', target.value ? target.value === 'true' : undefined))
            }
          >
            <option value="">default</option>
            <option value="true">met</option>
            <option value="false">not met</option>
          </select>
        )}
      </FieldRow>
      <button
        type="button"
        aria-label={`Remove the condition ${name}`.trim()}
        onClick={() => onChange(undefined)}
      >
        ×
      </button>
    </div>
  );
}
