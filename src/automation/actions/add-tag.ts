/** Action add_tag: adds a tag to the athlete. */
import { addTag as addTagTo } from '../../athletes/tags.ts';
import type { ActionType } from './step.ts';

/** Throws VALIDATION_FAILED when the athlete has the maximum number of tags. */
export const addTag: ActionType<'addTag'> = {
  kind: 'CHANGE',
  run: async (change, { userId }, { tag }, limits) =>
    (await addTagTo(change, userId, tag, limits)) ? 'DONE' : 'NO_CHANGE',
};
