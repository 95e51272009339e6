/** A row of what other systems say: everything beside training, contacts and time. */
import { type EventRow, eventType } from './event-row.ts';

/** The row of an event that only publishers know of. */
export function published(row: Omit<EventRow, 'source' | 'isPublishable'>) {
  return eventType({ ...row, source: 'publisher', isPublishable: true });
}
