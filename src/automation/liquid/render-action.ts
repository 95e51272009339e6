/** Renders the texts of an action when its step runs. */
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { Action } from '../../gen/automation/v1/action_pb.ts';
import {
  isTemplate,
  parseTemplate,
  renderTemplate,
  solePathOf,
  TemplateFault,
  type TemplateLimits,
  type TemplatePath,
  valueAt,
} from './engine.ts';
import { mapTexts, type TextPlace, textsOf } from './map-texts.ts';

/** What the templates of the action read of the scope; empty: it has none. Throws TemplateFault. */
export function pathsOf(action: Action, limits: TemplateLimits): TemplatePath[] {
  const templates = textsOf(action).filter(({ text }) => isTemplate(text));
  return templates.flatMap(({ text }) => parseTemplate(text, limits).paths);
}

/** The action with its texts rendered. Throws TemplateFault. */
export function renderAction(action: Action, scope: JsonObject, limits: TemplateLimits): Action {
  return mapTexts(action, (place) =>
    isTemplate(place.text) ? renderPlace(place, scope, limits) : place.text,
  );
}

/** A fault names the place of the text. */
function renderPlace(place: TextPlace, scope: JsonObject, limits: TemplateLimits): JsonValue {
  try {
    return render(place, scope, limits);
  } catch (error) {
    throw error instanceof TemplateFault ? new TemplateFault(`${place.path}: ${error.message}`) : error;
  }
}

function render({ text, takesValue }: TextPlace, scope: JsonObject, limits: TemplateLimits): JsonValue {
  const path = takesValue ? solePathOf(text) : undefined;
  if (!path) {
    return renderTemplate(parseTemplate(text, limits), scope, limits);
  }
  const value = valueAt(scope, path);
  if (value === undefined) {
    throw new TemplateFault(`{{ ${path.join('.')} }} is missing`);
  }
  return value;
}
