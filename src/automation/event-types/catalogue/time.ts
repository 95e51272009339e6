/** Events of the scheduler. Each occurrence has a key and happens once. */
import { type EventRow, eventType, field, sampled } from './event-row.ts';

function time(row: Pick<EventRow, 'name' | 'description' | 'fields'>) {
  return eventType({ ...row, category: 'time', source: 'service', isPublishable: false });
}

const DATE = field('date', 'date', 'The day that it is about.', '2026-03-02');
const YEARS = field('years', 'int', 'How many years after the first time.', 34);
const FIELD = field('field', 'string', 'The athlete’s field that the day comes from.', 'custom.joined_on');
const PLANNED_AT = field('planned_at', 'timestamp', 'When it was due.', '2026-03-02T08:00:00.000000Z');

export const TIME = [
  time({
    name: 'scheduled_date',
    description: 'A date of the athlete has come, or is so many days away.',
    fields: [FIELD, DATE, PLANNED_AT],
  }),
  time({
    name: 'recurring_schedule',
    description: 'The schedule’s time has come.',
    fields: [PLANNED_AT],
  }),
  time({
    name: 'birthday',
    description: 'It is the athlete’s birthday, or it is so many days away.',
    fields: [DATE, YEARS, PLANNED_AT],
  }),
  time({
    name: 'anniversary',
    description: 'A date of the athlete comes round.',
    fields: [FIELD, DATE, ...sampled([YEARS], { years: 1 }), PLANNED_AT],
  }),
];
