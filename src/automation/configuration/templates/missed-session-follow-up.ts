/** missed-session-follow-up: asks another system to reach the athlete, and tags those whom it does not bring back. */
import { EnrollmentPolicy } from '../../../gen/automation/v1/trigger_pb.ts';
import { comparedWith, type Template, webhookParameters, webhookStep, wholeNumber } from './template.ts';

const DAY_S = 86_400n;
const NOT_KNOWN = 404;

export const MISSED_SESSION_FOLLOW_UP: Template = {
  slug: 'missed-session-follow-up',
  name: 'Follow up on a missed session',
  description:
    'When an athlete misses a planned session: call a webhook, and wait for some days until they train; add a tag when they do not, and another one at once when the receiver answers 404, because it does not know them.',
  parameters: [
    {
      name: 'days',
      description: 'Days to wait for a session.',
      defaultValue: '3',
      fills: ['actions[1].branch.else[0].wait_for_event.timeout'],
    },
    {
      name: 'tag',
      description: 'The tag of athletes who have not trained by then.',
      defaultValue: 'missed-session',
      fills: ['actions[1].branch.else[0].wait_for_event.timed_out[0].add_tag.tag'],
    },
    {
      name: 'unknown_tag',
      description: 'The tag of athletes whom the receiver does not know.',
      defaultValue: 'not-reached',
      fills: ['actions[1].branch.then[0].add_tag.tag'],
    },
    ...webhookParameters(0),
  ],
  build: (value) => ({
    trigger: { triggerEvent: 'session_missed', settings: { policy: EnrollmentPolicy.ONE_ACTIVE } },
    actions: [
      webhookStep(
        value,
        { template: 'missed-session-follow-up' },
        { name: 'reach', successStatuses: [200, 201, 202, 204, NOT_KNOWN] },
      ),
      {
        action: {
          case: 'branch',
          value: {
            filter: {
              conditions: [
                { field: 'steps.reach.status', operator: 'equals', value: comparedWith(`${NOT_KNOWN}`) },
              ],
            },
            // biome-ignore lint/suspicious/noThenProperty: the contract names the list so.
            then: [{ action: { case: 'addTag', value: { tag: value('unknown_tag') } } }],
            else: [
              {
                action: {
                  case: 'waitForEvent',
                  value: {
                    eventType: 'session_completed',
                    timeout: { seconds: BigInt(wholeNumber(value('days'))) * DAY_S },
                    timedOut: [{ action: { case: 'addTag', value: { tag: value('tag') } } }],
                  },
                },
              },
            ],
          },
        },
      },
    ],
  }),
};
