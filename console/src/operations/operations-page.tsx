/** What operators look at: how evaluation keeps up, what failed, what is held, and what people changed by hand. */
import { useInfiniteQuery, useQuery } from '@connectrpc/connect-query';
import {
  WorkflowEnrollmentState,
  WorkflowService,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { type AuditEntry, AuditService } from '../../../src/gen/progression/v1/audit_service_pb.ts';
import { AthleteLink } from '../parts/athlete-link.tsx';
import { showValue } from '../parts/json-view.tsx';
import { MoreButton } from '../parts/more-button.tsx';
import { PAGING } from '../parts/paging.ts';
import { Answer, Nothing } from '../parts/states.tsx';
import { Title } from '../parts/title.tsx';
import { formatMoment, plural, sentenceCase } from '../words/formats.ts';
import { RunRow } from '../workflows/run-row.tsx';
import { DeadLetters } from './dead-letters.tsx';
import { Evaluation } from './evaluation.tsx';
import { Holds } from './holds.tsx';

export default function OperationsPage() {
  return (
    <>
      <Title>Operations</Title>
      <header className="heading">
        <h1>Operations</h1>
      </header>
      <div className="stack">
        <Evaluation />
        <DeadLetters />
        <Holds />
        <FailedRuns />
        <AuditTrail />
      </div>
    </>
  );
}

function FailedRuns() {
  const runs = useInfiniteQuery(
    WorkflowService.method.listWorkflowEnrollments,
    { state: WorkflowEnrollmentState.FAILED, pageSize: 10, pageToken: '' },
    PAGING,
  );
  const workflows = useQuery(WorkflowService.method.listWorkflows, { pageSize: 500 });
  return (
    <section className="panel">
      <h2>Failed runs</h2>
      <Answer query={runs}>
        {({ pages }) => {
          const all = pages.flatMap((page) => page.enrollments);
          return all.length === 0 ? (
            <Nothing>No run has failed.</Nothing>
          ) : (
            <>
              <ol className="timeline">
                {all.map((run) => (
                  <RunRow
                    key={run.id}
                    run={run}
                    workflow={workflows.data?.workflows.find(({ id }) => id === run.workflowId)?.name ?? ''}
                  />
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

function AuditTrail() {
  const entries = useInfiniteQuery(
    AuditService.method.listAuditEntries,
    { pageSize: 20, pageToken: '' },
    PAGING,
  );
  return (
    <section className="panel">
      <h2>Changes by hand</h2>
      <Answer query={entries}>
        {({ pages }) => {
          const all = pages.flatMap((page) => page.entries);
          return all.length === 0 ? (
            <Nothing>No person has changed anything.</Nothing>
          ) : (
            <>
              <p className="quiet">{plural(pages[0]?.totalSize ?? 0, 'change')}</p>
              <ol className="timeline">
                {all.map((entry) => (
                  <AuditRow key={entry.id} entry={entry} />
                ))}
              </ol>
              <MoreButton query={entries} />
            </>
          );
        }}
      </Answer>
    </section>
  );
}

function AuditRow({ entry }: { entry: AuditEntry }) {
  const names = [...new Set([...Object.keys(entry.before ?? {}), ...Object.keys(entry.after ?? {})])];
  const changed = names.filter((name) => showValue(entry.before?.[name]) !== showValue(entry.after?.[name]));
  return (
    <li className="entry">
      <p className="entry-head">
        <span className="quiet">{formatMoment(entry.recordedAt)}</span>{' '}
        <strong>{sentenceCase(entry.action.replaceAll(/([a-z])([A-Z])/g, '$1 $2'))}</strong>{' '}
        <span className="quiet">by {entry.actor}</span> <AthleteLink userId={entry.userId} />
      </p>
      {entry.reason && <p>“{entry.reason}”</p>}
      {changed.length > 0 && (
        <details>
          <summary>{plural(changed.length, 'field')}</summary>
          <dl className="values">
            {changed.map((name) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  {entry.before && `${showValue(entry.before[name])} → `}
                  {showValue(entry.after?.[name])}
                </dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </li>
  );
}
