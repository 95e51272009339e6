/** birthday-note: sends a webhook some days before an athlete's birthday. */
import { EnrollmentPolicy } from '../../../gen/automation/v1/trigger_pb.ts';
import { type Template, webhookParameters, webhookStep } from './template.ts';

export const BIRTHDAY_NOTE: Template = {
  slug: 'birthday-note',
  name: 'Birthday note',
  description: 'On an athlete’s birthday: call a webhook, which sends the note.',
  parameters: [
    {
      name: 'at',
      description: 'The athlete’s local time.',
      defaultValue: '09:00',
      fills: ['trigger.settings.time.birthday.at'],
    },
    ...webhookParameters(0),
  ],
  build: (value) => ({
    trigger: {
      triggerEvent: 'birthday',
      settings: {
        policy: EnrollmentPolicy.MULTIPLE,
        time: { schedule: { case: 'birthday', value: { at: value('at') } } },
      },
    },
    actions: [webhookStep(value, { template: 'birthday-note' })],
  }),
};
