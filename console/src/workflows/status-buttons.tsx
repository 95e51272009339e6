/** Starts and stops a workflow. */
import { useMutation } from '@connectrpc/connect-query';
import {
  type Workflow,
  WorkflowService,
  WorkflowStatus,
  WorkflowStatusSchema,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { useMay } from '../calls/permissions.ts';
import { queryClient } from '../calls/transport.ts';
import { Problem } from '../parts/states.tsx';
import { enumWords } from '../words/formats.ts';

/** `isHeld`: there are changes that are not saved. */
export function StatusButtons({ workflow, isHeld }: { workflow: Workflow; isHeld: boolean }) {
  const { id: workflowId, status } = workflow;
  const onSuccess = () => queryClient.invalidateQueries();
  const activate = useMutation(WorkflowService.method.activateWorkflow, { onSuccess });
  const pause = useMutation(WorkflowService.method.pauseWorkflow, { onSuccess });
  const mayWrite = useMay(WorkflowService.method.activateWorkflow);
  const isActive = status === WorkflowStatus.ACTIVE;
  const error = activate.error ?? pause.error;
  return (
    <div>
      <p className="send">
        <span className={`state ${isActive ? 'good' : ''}`}>{enumWords(WorkflowStatusSchema, status)}</span>
        {mayWrite && status !== WorkflowStatus.ARCHIVED && (
          <button
            type="button"
            disabled={isHeld || activate.isPending || pause.isPending}
            onClick={() => (isActive ? pause : activate).mutate({ workflowId })}
          >
            {isActive ? 'Pause' : 'Activate'}
          </button>
        )}
      </p>
      {error && <Problem error={error} />}
    </div>
  );
}
