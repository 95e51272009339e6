/** The places of actions whose texts are templates, as one walk: to check them, to list them and to render them. */
import { clone, fromJson, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import { type Action, ActionSchema } from '../../gen/automation/v1/action_pb.ts';
import type { ActionCase, ActionValue } from '../actions/step.ts';

export interface TextPlace {
  /** Below the action, such as `call_webhook.headers[0].value`. */
  readonly path: string;
  readonly text: string;
  /** Whether a path alone gives its value with its type; elsewhere it gives a text. */
  readonly takesValue: boolean;
}

/** What takes the place of a text; a text where the place takes no value. */
export type MapText = (place: TextPlace) => JsonValue;

/** Changes the action in place. */
type MapAction<C extends ActionCase> = (action: ActionValue<C>, map: MapText) => void;

const PLACES: { readonly [C in ActionCase]?: MapAction<C> } = {
  addTag: (action, map) => {
    action.tag = mapText(action.tag, 'add_tag.tag', map);
  },
  removeTag: (action, map) => {
    action.tag = mapText(action.tag, 'remove_tag.tag', map);
  },
  setLiftMax: (action, map) => {
    action.value = mapText(action.value, 'set_lift_max.value', map);
  },
  setAttribute: (action, map) => {
    if (action.value) {
      mapValue(action.value, 'set_attribute.value', map);
    }
  },
  emitEvent: (action, map) => {
    if (action.data) {
      action.data = mapObject(action.data, 'emit_event.data', map);
    }
  },
  callWebhook: (action, map) => {
    action.url = mapText(action.url, 'call_webhook.url', map);
    if (action.data) {
      action.data = mapObject(action.data, 'call_webhook.data', map);
    }
    for (const [index, header] of action.headers.entries()) {
      header.value = mapText(header.value, `call_webhook.headers[${index}].value`, map);
    }
    if (action.body.case === 'json') {
      action.body.value = mapObject(action.body.value, 'call_webhook.json', map);
    }
    const fields = action.body.case === 'form' ? action.body.value.fields : [];
    for (const [index, field] of fields.entries()) {
      field.value = mapText(field.value, `call_webhook.form.fields[${index}].value`, map);
    }
  },
};

/** A copy of the action with `map` applied to each of its texts. */
export function mapTexts(original: Action, map: MapText): Action {
  const message = clone(ActionSchema, original);
  const { action } = message;
  if (action.case) {
    // A row accepts exactly the value of its own case, which TypeScript cannot express for a row in general.
    (PLACES[action.case] as MapAction<ActionCase> | undefined)?.(action.value, map);
  }
  return message;
}

/** The texts of the action. */
export function textsOf(action: Action): TextPlace[] {
  const places: TextPlace[] = [];
  mapTexts(action, (place) => {
    places.push(place);
    return place.text;
  });
  return places;
}

function mapText(text: string, path: string, map: MapText): string {
  return String(map({ path, text, takesValue: false }));
}

function mapObject(object: JsonObject, path: string, map: MapText): JsonObject {
  return mapJson(object, path, map) as JsonObject;
}

/** In place. A value that JSON cannot express stays as it is. */
function mapValue(value: Value, path: string, map: MapText): void {
  const { kind } = value;
  switch (kind.case) {
    case 'stringValue':
      value.kind = fromJson(ValueSchema, map({ path, text: kind.value, takesValue: true })).kind;
      break;
    case 'listValue':
      for (const [index, element] of kind.value.values.entries()) {
        mapValue(element, `${path}[${index}]`, map);
      }
      break;
  }
}

function mapJson(json: JsonValue, path: string, map: MapText): JsonValue {
  if (typeof json === 'string') {
    return map({ path, text: json, takesValue: true });
  }
  if (Array.isArray(json)) {
    return json.map((element, index) => mapJson(element, `${path}[${index}]`, map));
  }
  return typeof json === 'object' && json !== null
    ? Object.fromEntries(
        Object.entries(json).map(([key, value]) => [key, mapJson(value, `${path}.${key}`, map)]),
      )
    : json;
}
