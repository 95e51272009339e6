/** Events of messages and calls. */
import { field, published } from './event-row.ts';

const EMAIL = [
  field('message_id', 'string', 'The message, as its system calls it.', 'msg-88'),
  field('campaign_id', 'string', 'The campaign that it was part of.', 'spring'),
  field('subject', 'string', 'Its subject.', 'Your next cycle'),
];

export const COMMUNICATION = [
  published({
    name: 'email_opened',
    category: 'communication',
    description: 'The athlete opened an email.',
    fields: EMAIL,
  }),
  published({
    name: 'email_clicked',
    category: 'communication',
    description: 'The athlete followed a link of an email.',
    fields: [...EMAIL, field('url', 'string', 'Where it leads.', 'https://example.org/plan')],
  }),
  published({
    name: 'sms_received',
    category: 'communication',
    description: 'The athlete sent a text message.',
    fields: [
      field('message_id', 'string', 'The message, as its system calls it.', 'msg-89'),
      field('text', 'string', 'What it says.', 'Can we move Thursday?'),
    ],
  }),
  published({
    name: 'call_completed',
    category: 'communication',
    description: 'A call with the athlete ended.',
    fields: [
      field('call_id', 'string', 'The call, as its system calls it.', 'call-5'),
      field('direction', 'string', 'Who called: inbound or outbound.', 'outbound'),
      field('outcome', 'string', 'What came of it.', 'answered'),
      field('duration_seconds', 'int', 'How long it took.', 240),
    ],
  }),
];
