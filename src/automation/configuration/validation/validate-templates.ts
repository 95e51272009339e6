/** Validates the templates in the texts of an action. */
import type { FieldViolation } from '../../../errors/domain-error.ts';
import type { FieldType } from '../../../filters/filter.ts';
import type { Action } from '../../../gen/automation/v1/action_pb.ts';
import { templateFaults } from '../../liquid/check-templates.ts';
import { isTemplate } from '../../liquid/engine.ts';
import { mapTexts, textsOf } from '../../liquid/map-texts.ts';
import type { ActionContext } from './action-check.ts';

/** The action as the other checks see it: without the values that templates make when the step runs. */
export function withoutTemplates(message: Action): Action {
  return mapTexts(message, ({ text, takesValue }) => (takesValue && isTemplate(text) ? null : text));
}

/** Every violation of the action's templates; `path` is that of the action. */
export function validateTemplates(message: Action, context: ActionContext, path: string): FieldViolation[] {
  const { types, triggerType, earlierSteps, references, limits } = context;
  const sendsSecrets = message.action.case === 'callWebhook';
  const secrets = sendsSecrets ? new Set(references.secrets.keys()) : undefined;
  const names = { types, triggerType, earlierSteps, secrets };
  const places = textsOf(message).map((place) => ({ ...place, path: `${path}.${place.path}` }));
  return templateFaults(places, names, (place) => typeAt(message, place, context, path), limits);
}

/** The type of a typed place; undefined where any value will do. */
function typeAt(
  { action }: Action,
  place: string,
  { types }: ActionContext,
  path: string,
): FieldType | undefined {
  switch (action.case) {
    case 'setLiftMax':
      return 'decimal';
    case 'setAttribute':
      return place === `${path}.set_attribute.value`
        ? types.fields.find((field) => field.path === action.value.field)?.type
        : undefined;
    case 'emitEvent': {
      const fields = types.eventType(action.value.type)?.fields ?? [];
      return fields.find(({ name }) => place === `${path}.emit_event.data.${name}`)?.type;
    }
    default:
      return undefined;
  }
}
