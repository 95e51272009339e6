/** The workflows of the demo account: each has runs in its history. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { EnrollmentPolicy } from '../../gen/automation/v1/trigger_pb.ts';
import type { CreateWorkflowRequestSchema } from '../../gen/automation/v1/workflow_service_pb.ts';

/** `squatId`: the lift that the last workflow looks at, for the program `nextProgramId`. */
export function demoWorkflows({
  squatId,
  nextProgramId,
}: {
  readonly squatId: string;
  readonly nextProgramId: string;
}): readonly MessageInitShape<typeof CreateWorkflowRequestSchema>[] {
  return [
    {
      name: 'Tag who missed a session',
      description:
        'The evening group: who misses a session has the tag for two days, so that the coach calls.',
      trigger: {
        triggerEvent: 'session_missed',
        filter: { conditions: [evening()] },
        settings: { policy: EnrollmentPolicy.MULTIPLE },
      },
      actions: [addTag('missed-session'), waitDays(2), removeTag('missed-session')],
    },
    {
      name: 'Mark a stalled lift',
      description: 'When a rule takes weight off: a tag for a week.',
      trigger: {
        triggerEvent: 'progression_stalled',
        filter: { conditions: [condition('reason', 'equals', 'DELOADED'), evening()] },
        settings: { policy: EnrollmentPolicy.ONE_ACTIVE },
      },
      actions: [addTag('stalled'), waitDays(7), removeTag('stalled')],
    },
    {
      name: 'Next program at a squat of 90 kg',
      description: 'Fails while another program is active: its step does not leave that program.',
      trigger: {
        triggerEvent: 'lift_max_changed',
        filter: {
          conditions: [
            condition('lift_id', 'equals', squatId),
            condition('value', 'greater_than_or_equal', 90),
            condition('unit', 'equals', 'KILOGRAM'),
            evening(),
          ],
        },
        settings: { policy: EnrollmentPolicy.ONCE_EVER },
      },
      actions: [{ action: { case: 'enrollInProgram', value: { programId: nextProgramId } } }],
    },
    UNREADABLE_WORKFLOW,
  ];
}

/** Its trigger is made unreadable: see demo-dead-letter.ts. */
export const UNREADABLE_WORKFLOW: MessageInitShape<typeof CreateWorkflowRequestSchema> = {
  name: 'Call after a no-show',
  description:
    'Its trigger has an operator that this version does not know, as an older version could have stored it: its events become dead letters. Save another filter, and try them again.',
  trigger: {
    triggerEvent: 'appointment_no_show',
    filter: { conditions: [evening()] },
    settings: { policy: EnrollmentPolicy.MULTIPLE },
  },
  actions: [addTag('to-call')],
};

/** Keeps the demo workflows to athletes of the history. */
function evening() {
  return condition('athlete.tags', 'contains', 'evening-group');
}

function condition(field: string, operator: string, value: JsonValue) {
  return { field, operator, value: fromJson(ValueSchema, value) };
}

function addTag(tag: string) {
  return { action: { case: 'addTag', value: { tag } } } as const;
}

function removeTag(tag: string) {
  return { action: { case: 'removeTag', value: { tag } } } as const;
}

function waitDays(days: number) {
  const duration = { seconds: BigInt(days) * 86_400n };
  return { action: { case: 'wait', value: { wait: { case: 'duration', value: duration } } } } as const;
}
