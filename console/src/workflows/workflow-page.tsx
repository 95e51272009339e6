/** One workflow: what it waits for, what it does, its versions and its runs. */
import { useInfiniteQuery, useQuery } from '@connectrpc/connect-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Trigger } from '../../../src/gen/automation/v1/trigger_pb.ts';
import {
  type ExitGoal,
  type Workflow,
  WorkflowEnrollmentState,
  WorkflowService,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { useMay } from '../calls/permissions.ts';
import { MoreButton } from '../parts/more-button.tsx';
import { Answer, Nothing } from '../parts/states.tsx';
import { Title } from '../parts/title.tsx';
import { plural } from '../words/formats.ts';
import { type Names, useNames } from '../words/names.ts';
import { ExportWorkflow } from './export-workflow.tsx';
import { FilterView } from './filter-view.tsx';
import { RedriveRuns } from './redrive-runs.tsx';
import { RunRow } from './run-row.tsx';
import { StatusButtons } from './status-buttons.tsx';
import { StepsView } from './steps-view.tsx';
import { TriggerVersions, WorkflowVersions } from './versions.tsx';
import { Funnel } from './workflow-list.tsx';
import { describeSettings, eventName } from './workflow-words.ts';

export default function WorkflowPage({ workflowId }: { workflowId: string }) {
  const answer = useQuery(WorkflowService.method.getWorkflow, { workflowId });
  const names = useNames();
  const mayWrite = useMay(WorkflowService.method.updateWorkflow);
  return (
    <>
      <p className="crumbs">
        <Link href="/workflows">Workflows</Link>
      </p>
      <Answer query={answer} page="Workflow">
        {({ workflow }) =>
          workflow && (
            <>
              <Title>{workflow.name}</Title>
              <header className="heading">
                <div>
                  <h1>{workflow.name}</h1>
                  <p className="quiet documentation">{workflow.description}</p>
                </div>
                <div className="send">
                  <StatusButtons workflow={workflow} isHeld={false} />
                  <ExportWorkflow workflow={workflow} />
                  {mayWrite && (
                    <Link href={`/workflows/${workflowId}/edit`} className="button">
                      Change
                    </Link>
                  )}
                </div>
              </header>
              <div className="columns">
                <Runs workflowId={workflowId} />
                <div className="side">
                  <When trigger={workflow.trigger} />
                  <Steps workflow={workflow} names={names} />
                  <Until exits={workflow.exits} />
                  <WorkflowVersions workflow={workflow} />
                  {workflow.trigger && <TriggerVersions trigger={workflow.trigger} />}
                </div>
              </div>
            </>
          )
        }
      </Answer>
    </>
  );
}

function When({ trigger }: { trigger: Trigger | undefined }) {
  return (
    <section className="panel">
      <h2>When</h2>
      {trigger ? (
        <>
          <p>
            <strong>{eventName(trigger.triggerEvent)}</strong>
          </p>
          {trigger.problem ? (
            <p className="bad">It cannot be read, and every such event fails: {trigger.problem}</p>
          ) : (
            <FilterView filter={trigger.filter} />
          )}
          <ul className="plain quiet">
            {describeSettings(trigger.settings).map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
          <p>
            <Funnel triggerId={trigger.id} />
          </p>
        </>
      ) : (
        <Nothing>It has no trigger.</Nothing>
      )}
    </section>
  );
}

function Steps({ workflow: { actions }, names }: { workflow: Workflow; names: Names }) {
  return (
    <section className="panel">
      <h2>Then</h2>
      <StepsView actions={actions} names={names} />
    </section>
  );
}

/** Nothing without goals: the runs end with their last step. */
function Until({ exits }: { exits: readonly ExitGoal[] }) {
  return (
    exits.length > 0 && (
      <section className="panel">
        <h2>Until</h2>
        {exits.map(({ eventType, filter }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: goals have no identity but their place
          <div key={index}>
            <strong>{eventName(eventType)}</strong>
            {filter && <FilterView filter={filter} />}
          </div>
        ))}
      </section>
    )
  );
}

function Runs({ workflowId }: { workflowId: string }) {
  const [isRedriving, setIsRedriving] = useState(false);
  const mayWrite = useMay(WorkflowService.method.redriveRuns);
  const failed = useQuery(WorkflowService.method.listWorkflowEnrollments, {
    ...{ workflowId, state: WorkflowEnrollmentState.FAILED, pageSize: 1 },
  });
  const runs = useInfiniteQuery(
    WorkflowService.method.listWorkflowEnrollments,
    { workflowId, pageSize: 20, pageToken: '' },
    { pageParamKey: 'pageToken', getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined },
  );
  return (
    <section className="panel">
      <div className="between">
        <h2>Runs</h2>
        {mayWrite && (failed.data?.totalSize ?? 0) > 0 && (
          <button type="button" className="link" onClick={() => setIsRedriving(true)}>
            Retry failed runs …
          </button>
        )}
      </div>
      {isRedriving && <RedriveRuns workflowId={workflowId} onClose={() => setIsRedriving(false)} />}
      <Answer query={runs}>
        {({ pages }) => {
          const all = pages.flatMap((page) => page.enrollments);
          return all.length === 0 ? (
            <Nothing>It has not run yet.</Nothing>
          ) : (
            <>
              <p className="quiet">{plural(pages[0]?.totalSize ?? 0, 'run')}</p>
              <ol className="timeline">
                {all.map((run) => (
                  <RunRow key={run.id} run={run} />
                ))}
              </ol>
              <MoreButton query={runs} />
            </>
          );
        }}
      </Answer>
    </section>
  );
}
