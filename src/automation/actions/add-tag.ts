/** Action add_tag: gives the athlete a tag. */
import { addTag as addTagTo } from '../../athletes/tags.ts';
import type { ActionType } from './step.ts';

/** Refused: VALIDATION_FAILED when the athlete has as many tags as may be. */
export const addTag: ActionType<'addTag'> = {
  kind: 'CHANGE',
  run: async (change, { userId }, { tag }, limits) =>
    (await addTagTo(change, userId, tag, limits)) ? 'DONE' : 'NO_CHANGE',
};
