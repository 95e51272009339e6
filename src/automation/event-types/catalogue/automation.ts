/** Events of the automation itself, so that workflows can react to them. */
import { eventType, field } from './event-row.ts';

export const AUTOMATION = [
  eventType({
    name: 'hold_placed',
    category: 'automation',
    source: 'service',
    isPublishable: false,
    description: 'The loop guard keeps the athlete out of a workflow.',
    fields: [
      field('workflow_id', 'id', 'The workflow.', '01900000-0000-7000-8000-00000000a010'),
      field('trigger_event', 'string', 'The type of the event that it was held for.', 'tag_added'),
      field('enrollments', 'int', 'How often events of workflows enrolled the athlete in half an hour.', 20),
    ],
  }),
];
