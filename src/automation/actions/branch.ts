/** Action branch: chooses the steps that follow by a filter over the event, the athlete and earlier steps. */
import type { JsonObject } from '../../filters/filter.ts';
import { loadAccountTypes } from '../event-types/account-types.ts';
import { matchesEvent } from './run-filter.ts';
import type { ActionType } from './step.ts';

export const branch: ActionType<'branch'> = {
  kind: 'CHOICE',
  async choose(deps, step, { filter }) {
    if (!filter) {
      throw new TypeError('a branch without a filter');
    }
    const { tx, triggerEvent, now } = deps;
    const { userId } = step;
    const event = step.event as JsonObject | null;
    const types = await loadAccountTypes(tx);
    const read = { event, type: triggerEvent, userId, at: now, results: await deps.results() };
    return (await matchesEvent(tx, types, read, filter)) ? 'then' : 'else';
  },
};
