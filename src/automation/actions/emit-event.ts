/** Action emit_event: emits an event of the account's own types for the athlete. */
import { invalidFields } from '../../errors/domain-error.ts';
import { lockUser } from '../../store/lock-user.ts';
import { emit, fact } from '../../store/outbox.ts';
import { loadAccountTypes } from '../event-types/account-types.ts';
import { validateEventData } from '../event-types/validate-event-data.ts';
import type { ActionType } from './step.ts';

/** Throws VALIDATION_FAILED when the data do not match the account's current definition. */
export const emitEvent: ActionType<'emitEvent'> = {
  kind: 'CHANGE',
  async run(change, { userId }, { type, data = {} }, limits) {
    const { tx } = change;
    const eventType = (await loadAccountTypes(tx)).eventType(type);
    if (eventType?.category !== 'custom') {
      throw invalidFields([{ field: 'emit_event.type', description: 'must be an event of the account' }]);
    }
    const violations = validateEventData(eventType, { data, previous: null }, limits);
    if (violations.length > 0) {
      throw invalidFields(violations);
    }
    await lockUser(tx, userId);
    emit(change, userId, [fact(type, data)]);
    return 'DONE';
  },
};
