/** Action set_attribute: sets or removes an attribute of the athlete. */
import { toJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { setAttribute as setAttributeOf } from '../../athletes/attributes.ts';
import { type ActionType, attributeNameOf } from './step.ts';

/** Throws VALIDATION_FAILED when the value does not match the account's current definition. */
export const setAttribute: ActionType<'setAttribute'> = {
  kind: 'CHANGE',
  async run(change, { userId }, { field, value }, limits) {
    const json = value ? toJson(ValueSchema, value) : null;
    const hasChanged = await setAttributeOf(change, userId, attributeNameOf(field), json, limits);
    return hasChanged ? 'DONE' : 'NO_CHANGE';
  },
};
