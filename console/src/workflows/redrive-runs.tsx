/** Retries the runs of a workflow that have failed. */
import { useState } from 'react';
import { WorkflowEnrollmentState as State } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { ActionDialog, under } from '../actions/action-dialog.tsx';
import { workflows } from '../calls/clients.ts';
import { plural } from '../words/formats.ts';

export function RedriveRuns({ workflowId, onClose }: { workflowId: string; onClose: () => void }) {
  const [reason, setReason] = useState('');
  return (
    <ActionDialog
      title="Retry the failed runs"
      input={reason}
      onClose={onClose}
      preview={async () => {
        const failed = await workflows.listWorkflowEnrollments({
          workflowId,
          state: State.FAILED,
          pageSize: 500,
        });
        const matching = failed.enrollments.filter(
          (run) => reason === '' || run.endedReason === reason,
        ).length;
        const rest = failed.nextPageToken === '' ? '' : ', and of older ones those with this reason';
        return (
          <p>
            {plural(matching, 'run')} of {failed.totalSize.toLocaleString('en-GB')} that failed{rest}. Each
            continues with the step that failed; steps that are done stay done.
          </p>
        );
      }}
      confirm={(requestId) => workflows.redriveRuns({ workflowId, reason }, under(requestId))}
    >
      <label>
        Only with this reason; empty: with any
        <input
          type="text"
          value={reason}
          maxLength={100}
          placeholder="WEBHOOK_UNAVAILABLE"
          onChange={({ target }) => setReason(target.value)}
        />
      </label>
    </ActionDialog>
  );
}
