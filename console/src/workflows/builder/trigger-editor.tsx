/** When the workflow starts: an event, its filter, and how often. */
import type { JsonObject } from '@bufbuild/protobuf';
import { TriggerSettingsSchema } from '../../../../src/gen/automation/v1/trigger_pb.ts';
import { sentenceCase } from '../../words/formats.ts';
import { useBuilder } from './builder-context.ts';
import { withField } from './draft.ts';
import { FieldRow, Violations } from './field-row.tsx';
import { FilterEditor } from './filter-editor.tsx';
import { MessageFields } from './message-fields.tsx';

interface TriggerEditorProps {
  readonly trigger: JsonObject;
  readonly onChange: (trigger: JsonObject) => void;
}

export function TriggerEditor({ trigger, onChange }: TriggerEditorProps) {
  const { eventTypes, eventType } = useBuilder();
  const settings = (trigger.settings ?? {}) as JsonObject;
  const setSettings = (next: JsonObject) => onChange({ ...trigger, settings: next });
  const categories = Map.groupBy(eventTypes, ({ category }) => category);
  return (
    <section className="panel">
      <h2>When</h2>
      <Violations path="trigger" />
      <FieldRow label="Event" path="trigger.trigger_event" hint={eventType?.description}>
        {(control) => (
          <select
            {...control}
            value={`${trigger.triggerEvent ?? ''}`}
            onChange={({ target }) => onChange(withField(trigger, 'triggerEvent', target.value || undefined))}
          >
            <option value="">No event: it is started by hand</option>
            {[...categories].map(([category, types]) => (
              <optgroup key={category} label={sentenceCase(category)}>
                {types.map(({ name }) => (
                  <option key={name} value={name}>
                    {sentenceCase(name)}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        )}
      </FieldRow>
      {eventType && (
        <>
          {eventType.requiredConfiguration.map((key) => (
            <ConfigurationRow key={key} name={key} settings={settings} onChange={setSettings} />
          ))}
          <h3>If</h3>
          <FilterEditor
            group={(trigger.filter ?? {}) as JsonObject}
            path="trigger.filter"
            onChange={(filter) =>
              onChange(withField(trigger, 'filter', Object.keys(filter).length > 0 ? filter : undefined))
            }
          />
          <details className="more-settings">
            <summary>How often, how many, in which hours</summary>
            <MessageFields
              schema={TriggerSettingsSchema}
              value={settings}
              path="trigger.settings"
              without={['configuration', ...(eventType.category === 'time' ? [] : ['time'])]}
              onChange={setSettings}
            />
          </details>
        </>
      )}
    </section>
  );
}

/** A value that the event must have, such as the tag of `tag_added`. */
function ConfigurationRow({
  name,
  settings,
  onChange,
}: {
  name: string;
  settings: JsonObject;
  onChange: (settings: JsonObject) => void;
}) {
  const configuration = (settings.configuration ?? {}) as JsonObject;
  return (
    <FieldRow label={sentenceCase(name)} path={`trigger.settings.configuration["${name}"]`}>
      {(control) => (
        <input
          type="text"
          {...control}
          value={`${configuration[name] ?? ''}`}
          onChange={({ target }) =>
            onChange({
              ...settings,
              configuration: withField(configuration, name, target.value || undefined),
            })
          }
        />
      )}
    </FieldRow>
  );
}
