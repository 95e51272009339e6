/** Downloads a workflow as a file that another account can import. */
import { toJsonString } from '@bufbuild/protobuf';
import { useState } from 'react';
import { type Workflow, WorkflowFileSchema } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { workflows } from '../calls/clients.ts';
import { Problem } from '../parts/states.tsx';

export function ExportWorkflow({ workflow: { id, name } }: { workflow: Workflow }) {
  const [error, setError] = useState<unknown>();
  async function download(): Promise<void> {
    try {
      const { file } = await workflows.exportWorkflow({ workflowId: id });
      if (file) {
        const text = toJsonString(WorkflowFileSchema, file, { prettySpaces: 2 });
        offer(
          new Blob([text], { type: 'application/json' }),
          `${name.replaceAll(/[^\p{L}\p{N}]+/gu, '-')}.json`,
        );
      }
      setError(undefined);
    } catch (refusal) {
      setError(refusal);
    }
  }
  return (
    <>
      <button type="button" onClick={download}>
        Export
      </button>
      {error !== undefined && <Problem error={error} />}
    </>
  );
}

function offer(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
