/** The runs of workflows for one athlete. */
import { useQuery } from '@connectrpc/connect-query';
import { Link } from 'wouter';
import {
  WorkflowEnrollmentState as State,
  type WorkflowEnrollment,
  WorkflowEnrollmentStateSchema,
  WorkflowService,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { Answer, Nothing } from '../parts/states.tsx';
import { enumWords, formatMoment } from '../words/formats.ts';

export function Runs({ userId }: { userId: string }) {
  const runs = useQuery(WorkflowService.method.listWorkflowEnrollments, { userId, pageSize: 20 });
  const workflows = useQuery(WorkflowService.method.listWorkflows, { pageSize: 500 });
  const nameOf = (id: string) =>
    workflows.data?.workflows.find((workflow) => workflow.id === id)?.name ?? 'A workflow';
  return (
    <section className="panel">
      <h2>Runs of workflows</h2>
      <Answer query={runs}>
        {({ enrollments }) =>
          enrollments.length === 0 ? (
            <Nothing>No workflow has run for this athlete.</Nothing>
          ) : (
            <ul className="plain">
              {enrollments.map((run) => (
                <li key={run.id}>
                  <Link href={`/workflows/${run.workflowId}`}>{nameOf(run.workflowId)}</Link>{' '}
                  <RunState run={run} />
                  <br />
                  <span className="quiet">
                    {formatMoment(run.enrolledAt)} {run.steps.find(({ reason }) => reason)?.reason}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </section>
  );
}

/** A reason that a step has is told with the step. */
export function RunState({ run: { state, endedReason, steps } }: { run: WorkflowEnrollment }) {
  const isToldByStep = steps.some(({ reason }) => reason === endedReason);
  const tone = state === State.FAILED ? 'bad' : state === State.COMPLETED ? 'good' : '';
  return (
    <>
      <span className={`state ${tone}`}>{enumWords(WorkflowEnrollmentStateSchema, state)}</span>{' '}
      {endedReason && !isToldByStep && <code className="reason">{endedReason}</code>}
    </>
  );
}
