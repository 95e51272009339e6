/** What a person can do with a run in its state. */
import { useMutation } from '@connectrpc/connect-query';
import { useState } from 'react';
import {
  WorkflowEnrollmentState as State,
  type WorkflowEnrollment,
  WorkflowService,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { ActionDialog, under } from '../actions/action-dialog.tsx';
import { workflows } from '../calls/clients.ts';
import { useMay } from '../calls/permissions.ts';
import { queryClient } from '../calls/transport.ts';
import { Problem } from '../parts/states.tsx';

const GOING_ON: readonly State[] = [State.TRIGGERED, State.ACTIVE];
const NOT_ENDED: readonly State[] = [...GOING_ON, State.QUEUED, State.PAUSED];

export function RunActions({ run }: { run: WorkflowEnrollment }) {
  const { id: runId, state } = run;
  const [isCancelling, setIsCancelling] = useState(false);
  const mayWrite = useMay(WorkflowService.method.cancelRun);
  const onSuccess = () => queryClient.invalidateQueries();
  const pause = useMutation(WorkflowService.method.pauseRun, { onSuccess });
  const resume = useMutation(WorkflowService.method.resumeRun, { onSuccess });
  const retry = useMutation(WorkflowService.method.retryRun, { onSuccess });
  const error = pause.error ?? resume.error ?? retry.error;
  const isBusy = pause.isPending || resume.isPending || retry.isPending;
  const offered = [
    { name: 'Pause', isOffered: GOING_ON.includes(state), act: () => pause.mutate({ runId }) },
    { name: 'Resume', isOffered: state === State.PAUSED, act: () => resume.mutate({ runId }) },
    { name: 'Retry', isOffered: state === State.FAILED, act: () => retry.mutate({ runId }) },
    { name: 'Cancel …', isOffered: NOT_ENDED.includes(state), act: () => setIsCancelling(true) },
  ].filter(({ isOffered }) => mayWrite && isOffered);
  return (
    <>
      {offered.length > 0 && (
        <span className="entry-actions send">
          {offered.map(({ name, act }) => (
            <button key={name} type="button" className="link" disabled={isBusy} onClick={act}>
              {name}
            </button>
          ))}
        </span>
      )}
      {error && <Problem error={error} />}
      {isCancelling && (
        <ActionDialog
          title="Cancel this run"
          input={runId}
          onClose={() => setIsCancelling(false)}
          preview={async () => (
            <p>
              {run.steps.length === 0 ? 'No step has run.' : 'Steps that have run stay as they are.'} No
              further step runs, and the run cannot be resumed.
            </p>
          )}
          confirm={(requestId) => workflows.cancelRun({ runId }, under(requestId))}
        >
          <p className="quiet">A step that is under way may still be done.</p>
        </ActionDialog>
      )}
    </>
  );
}
