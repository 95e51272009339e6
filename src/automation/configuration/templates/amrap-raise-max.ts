/** amrap-raise-max: an AMRAP set far beyond its target raises the lift's max. */
import { EnrollmentPolicy } from '../../../gen/automation/v1/trigger_pb.ts';
import { MaxTypeSchema } from '../../../gen/progression/v1/common_pb.ts';
import { comparedWith, enumParameter, type Template } from './template.ts';

export const AMRAP_RAISE_MAX: Template = {
  slug: 'amrap-raise-max',
  name: 'Raise the max after a strong AMRAP set',
  description:
    'When a set of as many repetitions as possible beats its target by so many: raise the lift’s max.',
  parameters: [
    {
      name: 'lift_id',
      description: 'The lift.',
      defaultValue: '',
      fills: ['trigger.filter.conditions[0].value', 'actions[0].scale_lift_max.lift_id'],
    },
    {
      name: 'extra_reps',
      description: 'Repetitions beyond the target.',
      defaultValue: '3',
      fills: ['trigger.filter.conditions[1].value'],
    },
    {
      name: 'factor',
      description: 'What the max is multiplied by.',
      defaultValue: '1.025',
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
      description: 'The step that the max is rounded to.',
      defaultValue: '2.5',
      fills: ['actions[0].scale_lift_max.round_to'],
    },
  ],
  build: (value) => ({
    trigger: {
      triggerEvent: 'amrap_result',
      filter: {
        conditions: [
          { field: 'lift_id', operator: 'equals', value: comparedWith(value('lift_id')) },
          {
            field: 'reps_difference',
            operator: 'greater_than_or_equal',
            value: comparedWith(value('extra_reps')),
          },
        ],
      },
      settings: { policy: EnrollmentPolicy.MULTIPLE },
    },
    actions: [
      {
        action: {
          case: 'scaleLiftMax',
          value: {
            liftId: value('lift_id'),
            maxType: enumParameter(MaxTypeSchema, value('max_type')),
            factor: value('factor'),
            roundTo: value('round_to'),
          },
        },
      },
    ],
  }),
};
