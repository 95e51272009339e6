/** drop-off-rescue: tags an inactive athlete, and sends a webhook. */
import { EnrollmentPolicy } from '../../../gen/automation/v1/trigger_pb.ts';
import { comparedWith, type Template, webhookParameters, webhookStep } from './template.ts';

const MONTH_S = 30n * 86_400n;

export const DROP_OFF_RESCUE: Template = {
  slug: 'drop-off-rescue',
  name: 'Drop-off rescue',
  description: 'When an athlete has done nothing for some days: add a tag, and call a webhook.',
  parameters: [
    {
      name: 'days',
      description: 'Days without training.',
      defaultValue: '10',
      fills: ['trigger.filter.conditions[0].value'],
    },
    {
      name: 'tag',
      description: 'The tag that such athletes get.',
      defaultValue: 'drop-off',
      fills: ['actions[0].add_tag.tag'],
    },
    ...webhookParameters(1),
  ],
  build: (value) => ({
    trigger: {
      triggerEvent: 'athlete_inactive',
      filter: {
        conditions: [
          { field: 'days', operator: 'greater_than_or_equal', value: comparedWith(value('days')) },
        ],
      },
      // The event repeats every day while the athlete is inactive.
      settings: { policy: EnrollmentPolicy.ONE_ACTIVE, cooldown: { seconds: MONTH_S } },
    },
    actions: [
      { action: { case: 'addTag', value: { tag: value('tag') } } },
      webhookStep(value, { template: 'drop-off-rescue' }),
    ],
  }),
};
