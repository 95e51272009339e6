/** next-program: enrolls an athlete in the next program after a number of cycles. */
import { EnrollmentPolicy } from '../../../gen/automation/v1/trigger_pb.ts';
import { comparedWith, type Template } from './template.ts';

export const NEXT_PROGRAM: Template = {
  slug: 'next-program',
  name: 'On to the next program',
  description: 'When an athlete completes so many cycles of a program: enroll them in another one.',
  parameters: [
    {
      name: 'program_id',
      description: 'The program that they come from.',
      defaultValue: '',
      fills: ['trigger.filter.conditions[0].value'],
    },
    {
      name: 'cycles',
      description: 'Cycles of it.',
      defaultValue: '1',
      fills: ['trigger.filter.conditions[1].value'],
    },
    {
      name: 'next_program_id',
      description: 'The program that they go on to.',
      defaultValue: '',
      fills: ['actions[0].enroll_in_program.program_id'],
    },
  ],
  build: (value) => ({
    trigger: {
      triggerEvent: 'cycle_completed',
      filter: {
        conditions: [
          { field: 'program_id', operator: 'equals', value: comparedWith(value('program_id')) },
          {
            field: 'completed_cycle',
            operator: 'greater_than_or_equal',
            value: comparedWith(value('cycles')),
          },
        ],
      },
      settings: { policy: EnrollmentPolicy.MULTIPLE },
    },
    actions: [
      {
        action: {
          case: 'enrollInProgram',
          value: { programId: value('next_program_id'), replaceActive: true },
        },
      },
    ],
  }),
};
