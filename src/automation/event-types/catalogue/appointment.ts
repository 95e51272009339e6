/** Events of appointments. */
import { field, published } from './event-row.ts';

const APPOINTMENT = [
  field('appointment_id', 'string', 'The appointment, as its system calls it.', 'apt-9'),
  field('calendar_id', 'string', 'The calendar, as its system calls it.', 'check-ins'),
  field('kind', 'string', 'What it is for.', 'check-in'),
  field('starts_at', 'timestamp', 'When it begins.', '2026-03-04T16:00:00Z'),
  field('ends_at', 'timestamp', 'When it ends.', '2026-03-04T16:30:00Z'),
];

export const APPOINTMENTS = [
  published({
    name: 'appointment_booked',
    category: 'appointment',
    description: 'An appointment was made.',
    fields: APPOINTMENT,
  }),
  published({
    name: 'appointment_cancelled',
    category: 'appointment',
    description: 'An appointment was called off.',
    fields: [...APPOINTMENT, field('reason', 'string', 'Why.', 'ill')],
  }),
  published({
    name: 'appointment_completed',
    category: 'appointment',
    description: 'An appointment took place.',
    fields: APPOINTMENT,
  }),
  published({
    name: 'appointment_no_show',
    category: 'appointment',
    description: 'The athlete did not come.',
    fields: [
      ...APPOINTMENT,
      field('no_shows', 'int', 'How often the athlete did not come so far, with this one.', 2),
    ],
  }),
];
