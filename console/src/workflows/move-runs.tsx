/** Lets runs under way go on with the version that is about to be stored. */
import { useQuery } from '@connectrpc/connect-query';
import { WorkflowService } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { plural } from '../words/formats.ts';

interface MoveRunsProps {
  readonly workflowId: string;
  readonly value: boolean;
  readonly onChange: (value: boolean) => void;
}

/** Nothing while no run is under way. */
export function MoveRuns({ workflowId, value, onChange }: MoveRunsProps) {
  const { data } = useQuery(WorkflowService.method.getWorkflowStats, { workflowId });
  const count = data?.atSteps.reduce((sum, { runs }) => sum + Number(runs), 0) ?? 0;
  return (
    count > 0 && (
      <label className="check">
        <input type="checkbox" checked={value} onChange={({ target }) => onChange(target.checked)} />
        <span>
          {data?.atStepsIncomplete && 'More than '}
          {plural(count, 'run')} {count === 1 ? 'is' : 'are'} under way: those that have not reached the first
          changed step go on with this version
        </span>
      </label>
    )
  );
}

export interface MovedRuns {
  readonly moved: number;
  readonly kept: number;
}

export function describeMovedRuns({ moved, kept }: MovedRuns): string {
  const stays =
    kept === 0 ? '' : `; ${plural(kept, 'run')} ${kept === 1 ? 'stays' : 'stay'} with an earlier one`;
  return `${plural(moved, 'run')} ${moved === 1 ? 'goes' : 'go'} on with this version${stays}.`;
}
