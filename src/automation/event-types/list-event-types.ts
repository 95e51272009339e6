/**
 * ListEventTypes: the built-in events and the account's own. ListFields: the fields of athletes, built-in and
 * defined, and those that every event has.
 */
import { invalidFields } from '../../errors/domain-error.ts';
import type { Transaction } from '../../store/database.ts';
import { type AccountField, loadAccountTypes } from './account-types.ts';
import { ATHLETE_FIELDS } from './athlete-document.ts';
import { CATEGORIES, type EventType, ORIGIN_FIELDS } from './event-type.ts';
import { LIFT_FIELDS, TRAINING_FIELDS } from './training-fields.ts';

/**
 * Ordered by category, then name; of one category, or of all for ''. VALIDATION_FAILED for an unknown
 * category.
 */
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

const BUILT_IN: readonly AccountField[] = [
  ...ORIGIN_FIELDS.map(({ name, ...field }) => ({ path: name, ...field })),
  ...ATHLETE_FIELDS.map(({ name, ...field }) => ({ path: `athlete.${name}`, ...field })),
  ...[...TRAINING_FIELDS, ...LIFT_FIELDS].map(({ name, ...field }) => ({ path: name, ...field })),
];

/** Ordered by path. */
export async function listFields(tx: Transaction): Promise<AccountField[]> {
  const { fields } = await loadAccountTypes(tx);
  return [...BUILT_IN, ...fields].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
