/** personal-record-notify: stores a personal record as an attribute, and sends a webhook. */
import { EnrollmentPolicy } from '../../../gen/automation/v1/trigger_pb.ts';
import { type Template, webhookParameters, webhookStep } from './template.ts';

export const PERSONAL_RECORD_NOTIFY: Template = {
  slug: 'personal-record-notify',
  name: 'Tell of personal records',
  description: 'When an athlete sets a personal record: add a tag, and call a webhook.',
  parameters: [
    {
      name: 'tag',
      description: 'The tag that such athletes get.',
      defaultValue: 'personal-record',
      fills: ['actions[0].add_tag.tag'],
    },
    ...webhookParameters(1),
  ],
  build: (value) => ({
    trigger: {
      triggerEvent: 'personal_record',
      settings: { policy: EnrollmentPolicy.MULTIPLE },
    },
    actions: [
      { action: { case: 'addTag', value: { tag: value('tag') } } },
      webhookStep(value, { template: 'personal-record-notify' }),
    ],
  }),
};
