/** Which secrets of the account an action sends, or signs with. */
import type { Action } from '../../gen/automation/v1/action_pb.ts';
import { isTemplate, parseTemplate, TemplateFault, type TemplateLimits } from '../liquid/engine.ts';
import { textsOf } from '../liquid/map-texts.ts';

/** Their names, as the action has them; without those of texts that are no templates by the rules of Liquid. */
export function secretNamesOf(message: Action, limits: TemplateLimits): string[] {
  const { action } = message;
  if (action.case !== 'callWebhook') {
    return [];
  }
  const templates = textsOf(message).filter(({ text }) => isTemplate(text));
  const sent = templates.flatMap(({ text }) => namesIn(text, limits));
  return [...new Set([...action.value.signingSecrets, ...sent])];
}

function namesIn(text: string, limits: TemplateLimits): string[] {
  try {
    const { paths } = parseTemplate(text, limits);
    return paths.flatMap(([root, name]) => (root === 'secrets' && typeof name === 'string' ? [name] : []));
  } catch (error) {
    if (error instanceof TemplateFault) {
      return [];
    }
    throw error;
  }
}
