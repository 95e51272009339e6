/** ListEventTypes: the built-in events and the account's own. */
import { invalidFields } from '../../domain-error.ts';
import type { Transaction } from '../../store/database.ts';
import { loadAccountTypes } from './account-types.ts';
import { CATEGORIES, type EventType } from './event-type.ts';

/** By category, then name; of one category, or for '' of all. VALIDATION_FAILED for a category that is none. */
export async function listEventTypes(tx: Transaction, category: string): Promise<EventType[]> {
  if (category !== '' && !CATEGORIES.some((each) => each === category)) {
    const description = `must be one of ${CATEGORIES.join(', ')}, or empty`;
    throw invalidFields([{ field: 'category', description }]);
  }
  const { eventTypes } = await loadAccountTypes(tx);
  return eventTypes
    .filter((type) => category === '' || type.category === category)
    .toSorted((a, b) => compare(a.category, b.category) || compare(a.name, b.name));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
