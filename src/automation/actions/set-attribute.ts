/** Action set_attribute: sets or removes one of the athlete's attributes. */
import { toJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { setAttribute as setAttributeOf } from '../../athletes/attributes.ts';
import { attributeNameOf } from './action-names.ts';
import type { ActionType } from './step.ts';

/** Refused: VALIDATION_FAILED for a value that the account's definition, which may be newer, does not allow. */
export const setAttribute: ActionType<'setAttribute'> = {
  kind: 'CHANGE',
  async run(change, { userId }, { field, value }, limits) {
    const json = value ? toJson(ValueSchema, value) : null;
    const hasChanged = await setAttributeOf(change, userId, attributeNameOf(field), json, limits);
    return hasChanged ? 'DONE' : 'NO_CHANGE';
  },
};
