/** Checks of the actions on an athlete's tags and attributes. */

import { isOfType, TYPE_RULES } from '../../../filters/typed-values.ts';
import { jsonOfValue } from '../json-input.ts';
import type { ActionChecks } from './action-check.ts';
import { checkWord } from './checks.ts';

export const ATHLETE_ACTIONS: ActionChecks<'addTag' | 'removeTag' | 'setAttribute'> = {
  addTag: ({ tag }, { limits }, path) => checkWord(tag, limits.tagCharacters, `${path}.tag`),
  removeTag: ({ tag }, { limits }, path) => checkWord(tag, limits.tagCharacters, `${path}.tag`),
  setAttribute: ({ field, value }, { types }, path) => {
    const attribute = types.fields.find((each) => each.path === field);
    if (!attribute || !field.startsWith('custom.')) {
      const description = 'must be a field that the account defined under custom.';
      return [{ field: `${path}.field`, description }];
    }
    if (!value) {
      return [{ field: `${path}.value`, description: 'is required; null removes the attribute' }];
    }
    const json = jsonOfValue(value);
    const isRight = json === null || isOfType(attribute.type, json);
    return isRight ? [] : [{ field: `${path}.value`, description: TYPE_RULES[attribute.type] }];
  },
};
