/** The field of athletes that a template names. */
import type { FilterField } from '../../filters/filter.ts';
import { type AccountTypes, createAccountTypes } from '../event-types/account-types.ts';
import type { EventType } from '../event-types/event-type.ts';
import type { TemplatePath } from './engine.ts';

/** Stands for an event without fields, so that names resolve to the athlete's. */
const NO_EVENT: EventType = {
  ...{ name: '', category: 'custom', description: '', fields: [], requiredConfiguration: [] },
  ...{ hasPrevious: false, source: 'service', isPublishable: false, sample: {}, samplePrevious: null },
};

const BUILT_IN = createAccountTypes([], []);

/** The field, and what follows its name; undefined for other paths. Without `types` only built-in fields are known. */
export function athleteField(
  [root, ...path]: TemplatePath,
  types: AccountTypes = BUILT_IN,
): { readonly field: FilterField; readonly rest: TemplatePath } | undefined {
  if (root !== 'athlete') {
    return undefined;
  }
  const catalogue = types.fieldCatalogue(NO_EVENT);
  const prefix = path[0] === 'custom' ? '' : 'athlete.';
  // A lift's slug is part of a name; what follows the name is the place in a list.
  for (let length = path.length; length > 0; length--) {
    const field = catalogue.resolve(`${prefix}${path.slice(0, length).join('.')}`);
    if (field) {
      return { field, rest: path.slice(length) };
    }
  }
  return undefined;
}
