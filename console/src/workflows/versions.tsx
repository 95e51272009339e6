/** The versions of a workflow, and those of its trigger. */
import { toJson } from '@bufbuild/protobuf';
import { type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import { useQuery } from '@connectrpc/connect-query';
import { useState } from 'react';
import type { Trigger } from '../../../src/gen/automation/v1/trigger_pb.ts';
import { TriggerService } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { type Workflow, WorkflowService } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { under } from '../actions/action-dialog.tsx';
import { triggers, workflows } from '../calls/clients.ts';
import { useMay } from '../calls/permissions.ts';
import { Answer } from '../parts/states.tsx';
import { findDifferences } from '../words/differences.ts';
import { describeMovedRuns, MoveRuns } from './move-runs.tsx';
import { inputOfTrigger } from './trigger-input.ts';
import { Differences, VersionList } from './version-list.tsx';

const NEWEST = { pageSize: 20 };

export function TriggerVersions({ trigger: { id: triggerId, etag } }: { trigger: Trigger }) {
  const answer = useQuery(TriggerService.method.listTriggerVersions, { triggerId, ...NEWEST });
  const mayRollBack = useMay(TriggerService.method.rollbackTrigger);
  return (
    <Answer query={answer}>
      {({ versions }) => (
        <VersionList
          noun="trigger"
          {...{ versions, etag, mayRollBack }}
          differences={({ trigger: before }, { trigger: after }) => (
            <Differences
              found={before && after ? findDifferences(inputOfTrigger(before), inputOfTrigger(after)) : []}
            />
          )}
          rollBack={async ({ version }, requestId) => {
            await triggers.rollbackTrigger({ triggerId, etag, version }, under(requestId));
            return '';
          }}
        />
      )}
    </Answer>
  );
}

export function WorkflowVersions({ workflow: { id: workflowId, etag } }: { workflow: Workflow }) {
  const answer = useQuery(WorkflowService.method.listWorkflowVersions, { workflowId, ...NEWEST });
  const mayRollBack = useMay(WorkflowService.method.rollbackWorkflow);
  const [moveRuns, setMoveRuns] = useState(false);
  return (
    <Answer query={answer}>
      {({ versions }) => (
        <VersionList
          noun="workflow"
          {...{ versions, etag, mayRollBack }}
          differences={({ version: fromVersion }, { version: toVersion }) => (
            <Compared {...{ workflowId, fromVersion, toVersion }} />
          )}
          options={<MoveRuns {...{ workflowId }} value={moveRuns} onChange={setMoveRuns} />}
          optionsInput={`${moveRuns}`}
          rollBack={async ({ version }, requestId) => {
            const request = { workflowId, etag, version, moveRuns };
            const { movedRunCount, keptRunCount } = await workflows.rollbackWorkflow(
              request,
              under(requestId),
            );
            setMoveRuns(false);
            return moveRuns ? describeMovedRuns({ moved: movedRunCount, kept: keptRunCount }) : '';
          }}
        />
      )}
    </Answer>
  );
}

function Compared(versions: { workflowId: string; fromVersion: number; toVersion: number }) {
  const answer = useQuery(WorkflowService.method.compareWorkflowVersions, versions);
  const jsonOf = (value: Value | undefined) => value && toJson(ValueSchema, value);
  return (
    <Answer query={answer}>
      {({ differences }) => (
        <Differences
          found={differences.map(({ path, before, after }) => ({
            path,
            before: jsonOf(before),
            after: jsonOf(after),
          }))}
        />
      )}
    </Answer>
  );
}
