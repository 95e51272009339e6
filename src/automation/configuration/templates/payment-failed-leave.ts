/** payment-failed-leave: ends the enrollment of an athlete whose payments fail. */
import { EnrollmentPolicy } from '../../../gen/automation/v1/trigger_pb.ts';
import { EnrollmentStatusSchema } from '../../../gen/progression/v1/program_service_pb.ts';
import { comparedWith, enumParameter, type Template } from './template.ts';

export const PAYMENT_FAILED_LEAVE: Template = {
  slug: 'payment-failed-leave',
  name: 'Leave the program when the payment fails',
  description:
    'When a subscription is cancelled because its payment failed: end or pause the program, add a tag.',
  parameters: [
    {
      name: 'reason',
      description: 'What the payment system gives as the reason of such a cancellation.',
      defaultValue: 'payment_failed',
      fills: ['trigger.filter.conditions[0].value'],
    },
    {
      name: 'status',
      description: 'ENROLLMENT_STATUS_PAUSED, ENROLLMENT_STATUS_QUIT or ENROLLMENT_STATUS_COMPLETED.',
      defaultValue: 'ENROLLMENT_STATUS_PAUSED',
      fills: ['actions[0].leave_program.status'],
    },
    {
      name: 'tag',
      description: 'The tag that such athletes get.',
      defaultValue: 'payment-failed',
      fills: ['actions[1].add_tag.tag'],
    },
  ],
  build: (value) => ({
    trigger: {
      triggerEvent: 'subscription_cancelled',
      filter: {
        conditions: [{ field: 'reason', operator: 'equals', value: comparedWith(value('reason')) }],
      },
      settings: { policy: EnrollmentPolicy.MULTIPLE },
    },
    actions: [
      {
        action: {
          case: 'leaveProgram',
          value: { status: enumParameter(EnrollmentStatusSchema, value('status')) },
        },
      },
      { action: { case: 'addTag', value: { tag: value('tag') } } },
    ],
  }),
};
