/** Values of the event, the athlete and earlier steps that a text can have in it, as a template. */
import type { DescField, JsonValue } from '@bufbuild/protobuf';
import { useSecrets } from '../secrets/use-secrets.ts';
import { useBuilder } from './builder-context.ts';
import { namedStepsBefore } from './earlier-steps.ts';
import { ValueChoice } from './value-choice.tsx';

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
  const takesSecrets = WITH_SECRETS.test(nameOf(field));
  const secrets = useSecrets(takesSecrets);
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
    { name: 'Secrets', values: secrets.names.map((name) => `secrets.${name}`) },
  ];
  const add = (added: string) => onChange(`${typeof value === 'string' ? value : ''}{{ ${added} }}`);
  return (
    <ValueChoice
      groups={groups}
      label={`Add a value to ${label}`}
      prompt="Add a value …"
      onChoose={add}
      onNewSecret={takesSecrets && secrets.mayAdd ? (name) => add(`secrets.${name}`) : undefined}
    />
  );
}

export function isListOfSecrets(field: DescField): boolean {
  return nameOf(field) === 'CallWebhookAction.signing_secrets';
}

/** Adds a secret to a list of their names. */
export function SecretNames({
  label,
  value,
  onChange,
}: Pick<TemplateValuesProps, 'label' | 'value' | 'onChange'>) {
  const { names, mayAdd } = useSecrets(true);
  const listed = Array.isArray(value) ? value : [];
  const add = (name: string) => onChange([...listed, name]);
  return (
    <ValueChoice
      label={`Add a secret to ${label}`}
      prompt="Add a secret …"
      groups={[{ name: 'Secrets', values: names.filter((name) => !listed.includes(name)) }]}
      onChoose={add}
      onNewSecret={mayAdd ? add : undefined}
    />
  );
}

function nameOf({ parent, name }: DescField): string {
  return `${parent.name}.${name}`;
}
