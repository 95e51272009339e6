/** ListFields: what every athlete has, and what the account defined. */
import type { Transaction } from '../../store/database.ts';
import { type AccountField, loadAccountTypes } from './account-types.ts';
import { ATHLETE_FIELDS } from './athlete-document.ts';

const BUILT_IN: readonly AccountField[] = ATHLETE_FIELDS.map(({ name, ...field }) => ({
  path: `athlete.${name}`,
  ...field,
}));

/** By path. */
export async function listFields(tx: Transaction): Promise<AccountField[]> {
  const { fields } = await loadAccountTypes(tx);
  return [...BUILT_IN, ...fields].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
