/** A filter as a tree of groups and conditions. */
import type { JsonObject } from '@bufbuild/protobuf';
import { FilterGroupSchema } from '../../../../src/gen/automation/v1/filter_pb.ts';
import { ConditionEditor } from './condition-editor.tsx';
import { objectsIn, withField, withItem } from './draft.ts';
import { Violations } from './field-row.tsx';
import { FieldEditor } from './message-fields.tsx';

/** The root is the first level. */
const DEEPEST = 4;

interface FilterEditorProps {
  readonly group: JsonObject;
  readonly path: string;
  readonly onChange: (group: JsonObject) => void;
  readonly depth?: number;
}

export function FilterEditor({ group, path, onChange, depth = 1 }: FilterEditorProps) {
  const conditions = objectsIn(group.conditions);
  const groups = objectsIn(group.groups);
  const setList = (name: string, list: JsonObject[]) =>
    onChange(withField(group, name, list.length > 0 ? list : undefined));
  const place =
    depth === 1 ? 'the filter' : `the group ${path.replaceAll(/\D+/g, ' ').trim().replaceAll(' ', '.')}`;
  return (
    <div className="filter-group">
      <Violations path={path} />
      {(conditions.length + groups.length > 1 || depth > 1 || group.not === true) && (
        <p className="logic">
          <label className="check">
            <input
              type="checkbox"
              checked={group.not === true}
              onChange={({ target }) => onChange(withField(group, 'not', target.checked || undefined))}
            />
            Not
          </label>
          <select
            aria-label={`How conditions of ${place} combine`}
            value={group.logic === 'FILTER_LOGIC_OR' ? 'FILTER_LOGIC_OR' : 'FILTER_LOGIC_AND'}
            onChange={({ target }) => onChange({ ...group, logic: target.value })}
          >
            <option value="FILTER_LOGIC_AND">all of</option>
            <option value="FILTER_LOGIC_OR">any of</option>
          </select>
        </p>
      )}
      <ul className="plain">
        {conditions.map((condition, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: conditions have no identity but their place
          <li key={`condition ${index}`}>
            <ConditionEditor
              condition={condition}
              path={`${path}.conditions[${index}]`}
              onChange={(next) => setList('conditions', withItem(conditions, index, next))}
            />
          </li>
        ))}
        {groups.map((inner, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: groups have no identity but their place
          <li key={`group ${index}`} className="inner-group">
            <FilterEditor
              group={inner}
              path={`${path}.groups[${index}]`}
              depth={depth + 1}
              onChange={(next) => setList('groups', withItem(groups, index, next))}
            />
            <button
              type="button"
              className="link"
              onClick={() => setList('groups', withItem(groups, index, undefined))}
            >
              Remove this group
            </button>
          </li>
        ))}
      </ul>
      <p className="send">
        <button type="button" onClick={() => setList('conditions', [...conditions, {}])}>
          Add a condition
        </button>
        {depth < DEEPEST && (
          <button
            type="button"
            className="link"
            onClick={() => setList('groups', [...groups, { conditions: [{}] }])}
          >
            Add a group
          </button>
        )}
      </p>
      {/* The filter of earlier events has no history of its own. */}
      {(depth === 1 || group.history !== undefined) && !path.includes('.history[') && (
        <FieldEditor
          field={FilterGroupSchema.field.history}
          label="What happened before"
          path={`${path}.history`}
          value={group.history}
          onChange={(history) => onChange(withField(group, 'history', history))}
        />
      )}
    </div>
  );
}
