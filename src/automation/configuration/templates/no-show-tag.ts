/** no-show-tag: tags an athlete after repeated missed appointments. */
import { EnrollmentPolicy } from '../../../gen/automation/v1/trigger_pb.ts';
import { comparedWith, type Template } from './template.ts';

export const NO_SHOW_TAG: Template = {
  slug: 'no-show-tag',
  name: 'Tag after no-shows',
  description: 'When an athlete does not come to an appointment for the second time: add a tag.',
  parameters: [
    {
      name: 'no_shows',
      description: 'From how many on.',
      defaultValue: '2',
      fills: ['trigger.filter.conditions[0].value'],
    },
    {
      name: 'tag',
      description: 'The tag that such athletes get.',
      defaultValue: 'no-show',
      fills: ['actions[0].add_tag.tag'],
    },
  ],
  build: (value) => ({
    trigger: {
      triggerEvent: 'appointment_no_show',
      filter: {
        conditions: [
          { field: 'no_shows', operator: 'greater_than_or_equal', value: comparedWith(value('no_shows')) },
        ],
      },
      settings: { policy: EnrollmentPolicy.MULTIPLE },
    },
    actions: [{ action: { case: 'addTag', value: { tag: value('tag') } } }],
  }),
};
