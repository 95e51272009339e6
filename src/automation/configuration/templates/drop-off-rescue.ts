/** drop-off-rescue: tags an inactive athlete, and sends a webhook each week; ends when the athlete trains. */
import { EnrollmentPolicy } from '../../../gen/automation/v1/trigger_pb.ts';
import { type Template, webhookParameters, webhookStep, wholeNumber } from './template.ts';

const MONTH_S = 30n * 86_400n;
const WEEK_S = 7n * 86_400n;

export const DROP_OFF_RESCUE: Template = {
  slug: 'drop-off-rescue',
  name: 'Drop-off rescue',
  description:
    'When an athlete has not trained for some days: add a tag, and call a webhook, again after a week, until they train.',
  parameters: [
    {
      name: 'days',
      description: 'Days without training.',
      defaultValue: '10',
      fills: ['trigger.settings.time.athlete_inactive.days'],
    },
    {
      name: 'tag',
      description: 'The tag that such athletes get.',
      defaultValue: 'drop-off',
      fills: ['actions[0].add_tag.tag'],
    },
    ...webhookParameters(1, 3),
  ],
  build: (value) => ({
    trigger: {
      triggerEvent: 'athlete_inactive',
      settings: {
        policy: EnrollmentPolicy.ONE_ACTIVE,
        cooldown: { seconds: MONTH_S },
        time: { schedule: { case: 'athleteInactive', value: { days: wholeNumber(value('days')) } } },
      },
    },
    actions: [
      { action: { case: 'addTag', value: { tag: value('tag') } } },
      webhookStep(value, { template: 'drop-off-rescue', reminder: 1 }),
      { action: { case: 'wait', value: { wait: { case: 'duration', value: { seconds: WEEK_S } } } } },
      webhookStep(value, { template: 'drop-off-rescue', reminder: 2 }),
    ],
    exits: [{ eventType: 'session_completed' }],
  }),
};
