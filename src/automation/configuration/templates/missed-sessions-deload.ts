/** missed-sessions-deload: reduces the maxes after consecutive missed sessions. */
import { EnrollmentPolicy } from '../../../gen/automation/v1/trigger_pb.ts';
import { MaxTypeSchema } from '../../../gen/progression/v1/common_pb.ts';
import { comparedWith, enumParameter, type Template } from './template.ts';

export const MISSED_SESSIONS_DELOAD: Template = {
  slug: 'missed-sessions-deload',
  name: 'Deload after missed sessions',
  description: 'When an athlete misses so many sessions in a row: scale every max of the program down.',
  parameters: [
    {
      name: 'missed',
      description: 'Sessions in a row.',
      defaultValue: '2',
      fills: ['trigger.filter.conditions[0].value'],
    },
    {
      name: 'factor',
      description: 'What the maxes are multiplied by.',
      defaultValue: '0.9',
      fills: ['actions[0].scale_lift_max.factor'],
    },
    {
      name: 'max_type',
      description: 'MAX_TYPE_ONE_RM, MAX_TYPE_TRAINING_MAX or MAX_TYPE_ESTIMATED_ONE_RM.',
      defaultValue: 'MAX_TYPE_TRAINING_MAX',
      fills: ['actions[0].scale_lift_max.max_type'],
    },
    {
      name: 'round_to',
      description: 'The step that the maxes are rounded to.',
      defaultValue: '2.5',
      fills: ['actions[0].scale_lift_max.round_to'],
    },
  ],
  build: (value) => ({
    trigger: {
      triggerEvent: 'session_missed',
      filter: {
        // Once for each series of missed sessions, whatever its length.
        conditions: [{ field: 'missed_in_a_row', operator: 'equals', value: comparedWith(value('missed')) }],
      },
      settings: { policy: EnrollmentPolicy.MULTIPLE },
    },
    actions: [
      {
        action: {
          case: 'scaleLiftMax',
          value: {
            maxType: enumParameter(MaxTypeSchema, value('max_type')),
            factor: value('factor'),
            roundTo: value('round_to'),
          },
        },
      },
    ],
  }),
};
