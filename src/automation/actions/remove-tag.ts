/** Action remove_tag: removes a tag from the athlete. */
import { removeTag as removeTagFrom } from '../../athletes/tags.ts';
import type { ActionType } from './step.ts';

export const removeTag: ActionType<'removeTag'> = {
  kind: 'CHANGE',
  run: async (change, { userId }, { tag }, limits) =>
    (await removeTagFrom(change, userId, tag.normalize(), limits)) ? 'DONE' : 'NO_CHANGE',
};
