/** The occurrences of a trigger for an athlete, by what the athlete's field holds now. */
import type { Transaction } from '../../store/database.ts';
import type { Subject } from '../evaluation/load-subjects.ts';
import { type AccountTypes, loadAccountTypes } from '../event-types/account-types.ts';
import { valueAt } from '../filters/documents.ts';
import type { JsonObject } from '../filters/filter.ts';
import { readDate, readInstant } from '../filters/values.ts';
import type { DateValue, Occurrences } from './occurrence.ts';
import { createOccurrences } from './occurrences.ts';
import type { TimeTrigger } from './time-triggers.ts';

/** undefined: the athlete is not there, has no such date, or the trigger does not go by one. */
export type AthleteOccurrences = (
  trigger: TimeTrigger,
  subject: Subject | undefined,
) => Occurrences | undefined;

/** Reads the account's own fields, and only when one of the triggers may go by them. */
export async function loadAthleteOccurrences(
  tx: Transaction,
  triggers: Iterable<TimeTrigger>,
): Promise<AthleteOccurrences> {
  const needsFields = [...triggers].some(({ schedule }) => 'field' in schedule);
  const types = needsFields ? await loadAccountTypes(tx) : undefined;
  return (trigger, subject) => {
    const { schedule } = trigger;
    if (!subject || subject.deletedAt !== null || schedule.kind === 'recurring_schedule') {
      return undefined;
    }
    const value = dateValueOf(trigger, subject.document, types);
    return value && createOccurrences(schedule, value, subject.timeZone);
  };
}

function dateValueOf(
  { event, schedule }: TimeTrigger,
  document: JsonObject,
  types: AccountTypes | undefined,
): DateValue | undefined {
  if (!('field' in schedule)) {
    return readAs('date', document, ['birth_date']);
  }
  const eventType = types?.eventType(event);
  const field = eventType && types?.fieldCatalogue(eventType).resolve(schedule.field);
  return field && readAs(field.type, document, field.path);
}

function readAs(type: string, document: JsonObject, path: readonly string[]): DateValue | undefined {
  const value = valueAt(document, path);
  if (type === 'date') {
    const date = readDate(value);
    return date === undefined ? undefined : { kind: 'date', date };
  }
  const instant = type === 'timestamp' ? readInstant(value) : undefined;
  return instant === undefined ? undefined : { kind: 'timestamp', instant };
}
