/** Action add_tag: adds a tag to the athlete. */
import { addTag as addTagTo } from '../../athletes/tags.ts';
import { checkWord, requireNone } from '../configuration/validation/field-checks.ts';
import type { ActionType } from './step.ts';

/** Throws VALIDATION_FAILED for a text that is no tag, and when the athlete has the maximum number of tags. */
export const addTag: ActionType<'addTag'> = {
  kind: 'CHANGE',
  async run(change, { userId }, { tag }, limits) {
    // A template may have made it.
    requireNone(checkWord(tag, limits.tagCharacters, 'add_tag.tag'));
    return (await addTagTo(change, userId, tag.normalize(), limits)) ? 'DONE' : 'NO_CHANGE';
  },
};
