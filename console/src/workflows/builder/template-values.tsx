/** Values of the event, the athlete and earlier steps that a text can have in it, as a template. */
import type { DescField, JsonValue } from '@bufbuild/protobuf';
import { useQuery } from '@connectrpc/connect-query';
import { WorkflowService } from '../../../../src/gen/automation/v1/workflow_service_pb.ts';
import { useMay } from '../../calls/permissions.ts';
import { useBuilder } from './builder-context.ts';
import { namedStepsBefore } from './earlier-steps.ts';

/** The fields whose texts are templates. */
const TEMPLATES: ReadonlySet<string> = new Set([
  'AddTagAction.tag',
  'RemoveTagAction.tag',
  'SetLiftMaxAction.value',
  'SetAttributeAction.value',
  'CallWebhookAction.url',
  'WebhookHeader.value',
  'WebhookFormField.value',
]);

/** Those that a receiver outside gets, and that therefore may have secrets. */
const WITH_SECRETS = /^(CallWebhook|Webhook)/;

export function isTemplate(field: DescField): boolean {
  return TEMPLATES.has(nameOf(field));
}

interface TemplateValuesProps {
  readonly field: DescField;
  readonly path: string;
  readonly label: string;
  readonly value: JsonValue | undefined;
  readonly onChange: (value: JsonValue) => void;
}

/** Adds the chosen value to the end of the text. */
export function TemplateValues({ field, path, label, value, onChange }: TemplateValuesProps) {
  const { eventType, accountFields, actions } = useBuilder();
  const mayList = useMay(WorkflowService.method.listSecrets);
  const { data } = useQuery(
    WorkflowService.method.listSecrets,
    {},
    { enabled: mayList && WITH_SECRETS.test(nameOf(field)), staleTime: 60_000 },
  );
  const groups = [
    { name: 'The event', values: (eventType?.fields ?? []).map((each) => `event.${each.name}`) },
    {
      name: 'The athlete',
      values: accountFields.flatMap((each) =>
        each.path.startsWith('athlete.')
          ? [each.path]
          : each.path.startsWith('custom.')
            ? [`athlete.${each.path}`]
            : [],
      ),
    },
    {
      name: 'Earlier steps',
      values: namedStepsBefore(actions, path).flatMap(({ name, hasAnswer }) =>
        ['outcome', ...(hasAnswer ? ['status', 'body'] : [])].map((result) => `steps.${name}.${result}`),
      ),
    },
    { name: 'Secrets', values: (data?.secrets ?? []).map(({ name }) => `secrets.${name}`) },
  ].filter(({ values }) => values.length > 0);
  const text = typeof value === 'string' ? value : '';
  return (
    <select
      className="template-values"
      aria-label={`Add a value to ${label}`}
      value=""
      onChange={({ target }) => onChange(`${text}{{ ${target.value} }}`)}
    >
      <option value="">Add a value …</option>
      {groups.map(({ name, values }) => (
        <optgroup key={name} label={name}>
          {values.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}

function nameOf({ parent, name }: DescField): string {
  return `${parent.name}.${name}`;
}
