/** Events of the automation itself, so that workflows can react to them. */
import { type EventRow, eventType, field } from './event-row.ts';

/** Emitted by the workers. */
function worker(row: Pick<EventRow, 'name' | 'description' | 'fields'>) {
  return eventType({ ...row, category: 'automation', source: 'service', isPublishable: false });
}

const WORKFLOW_ID = field('workflow_id', 'id', 'The workflow.', '01900000-0000-7000-8000-00000000a010');
const RUN_ID = field('run_id', 'id', 'The run.', '01900000-0000-7000-8000-00000000a011');
const STEP = field('step', 'int', 'The step, counted from 0.', 2);
const REASON = field('reason', 'string', 'Why, as the run and the dead letter have it.', 'HTTP_STATUS');
const DETAIL = field(
  'detail',
  'string',
  'What failed and why, if there is more to say.',
  'the answer was 404',
);

export const AUTOMATION = [
  worker({
    name: 'run_completed',
    description: 'A run of a workflow has taken its last step.',
    fields: [WORKFLOW_ID, RUN_ID],
  }),
  worker({
    name: 'run_failed',
    description: 'A run of a workflow failed at a step, and stays there until it is retried.',
    fields: [
      WORKFLOW_ID,
      RUN_ID,
      STEP,
      field('action', 'string', 'The action of the step, such as call_webhook.', 'call_webhook'),
      REASON,
      DETAIL,
    ],
  }),
  worker({
    name: 'webhook_failing',
    description: 'The webhook of a step has failed several times, and is tried again.',
    fields: [WORKFLOW_ID, RUN_ID, STEP, field('tries', 'int', 'How often it has failed.', 3), REASON, DETAIL],
  }),
  worker({
    name: 'dead_lettered',
    description: 'An event, or a trigger on it, failed until its attempts were used up.',
    fields: [
      field('dead_letter_id', 'id', 'The dead letter.', '01900000-0000-7000-8000-00000000a012'),
      field('event_id', 'id', 'The event.', '01900000-0000-7000-8000-00000000a013'),
      field('event_type', 'string', 'Its type.', 'payment_received'),
      field(
        'trigger_id',
        'id',
        'The trigger that failed; absent: the event failed as a whole.',
        '01900000-0000-7000-8000-00000000a014',
      ),
      REASON,
    ],
  }),
  worker({
    name: 'hold_placed',
    description: 'The loop guard keeps the athlete out of a workflow.',
    fields: [
      WORKFLOW_ID,
      field('trigger_event', 'string', 'The type of the event that it was held for.', 'tag_added'),
      field('enrollments', 'int', 'How often events of workflows enrolled the athlete in half an hour.', 20),
    ],
  }),
];
