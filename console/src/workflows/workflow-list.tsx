/** The workflows of the account. */
import { useQuery } from '@connectrpc/connect-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { TriggerService } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import {
  type Workflow,
  WorkflowService,
  WorkflowStatus,
  WorkflowStatusSchema,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { useMay } from '../calls/permissions.ts';
import { Answer, Nothing } from '../parts/states.tsx';
import { Title } from '../parts/title.tsx';
import { enumWords, plural } from '../words/formats.ts';
import { ImportWorkflow } from './import-workflow.tsx';
import { eventName } from './workflow-words.ts';

export default function WorkflowList() {
  const mayWrite = useMay(WorkflowService.method.createWorkflow);
  const [isImporting, setIsImporting] = useState(false);
  const [tag, setTag] = useState('');
  const workflows = useQuery(WorkflowService.method.listWorkflows, { pageSize: 500, tag });
  const all = useQuery(WorkflowService.method.listWorkflows, { pageSize: 500 });
  const tags = [...new Set(all.data?.workflows.flatMap((workflow) => workflow.tags))].sort();
  return (
    <>
      <Title>Workflows</Title>
      <header className="heading">
        <h1>Workflows</h1>
        <div className="send">
          <Link href="/workflows/secrets">Secrets</Link>
          {mayWrite && (
            <>
              <button type="button" onClick={() => setIsImporting(true)}>
                Import a file …
              </button>
              <Link href="/workflows/new" className="button">
                New workflow
              </Link>
            </>
          )}
        </div>
      </header>
      {isImporting && <ImportWorkflow onClose={() => setIsImporting(false)} />}
      {tags.length > 0 && (
        <select aria-label="Tag" value={tag} onChange={({ target }) => setTag(target.value)}>
          <option value="">All workflows</option>
          {tags.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      )}
      <Answer query={workflows}>
        {({ workflows: found }) =>
          found.length === 0 ? (
            <Nothing>No workflow yet.</Nothing>
          ) : (
            <table className="rows">
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Starts with</th>
                  <th scope="col">30 days</th>
                  <th scope="col" className="wide-only">
                    Steps
                  </th>
                </tr>
              </thead>
              <tbody>
                {found.map((workflow) => (
                  <Row key={workflow.id} workflow={workflow} />
                ))}
              </tbody>
            </table>
          )
        }
      </Answer>
    </>
  );
}

function Row({ workflow: { id, name, status, trigger, actions, tags } }: { workflow: Workflow }) {
  return (
    <tr>
      <th scope="row">
        <Link href={`/workflows/${id}`} className="whole-row">
          {name}
        </Link>
        <span className={`state ${status === WorkflowStatus.ACTIVE ? 'good' : ''}`}>
          {enumWords(WorkflowStatusSchema, status)}
        </span>
        {tags.length > 0 && <span className="quiet"> {tags.join(', ')}</span>}
        {trigger?.problem && <span className="state bad">Cannot be read</span>}
      </th>
      <td>{trigger ? eventName(trigger.triggerEvent) : '–'}</td>
      <td>{trigger && <Funnel triggerId={trigger.id} />}</td>
      <td className="wide-only">{plural(actions.length, 'step')}</td>
    </tr>
  );
}

/** How many events were looked at, matched the filter, and enrolled the athlete. */
export function Funnel({ triggerId }: { triggerId: string }) {
  const stats = useQuery(TriggerService.method.getTriggerStats, { triggerId });
  const total = stats.data?.total;
  return total ? (
    <span className="funnel">
      {`${total.evaluated} events → ${total.matched} matched → `}
      <strong>{`${total.enrolled} enrolled`}</strong>
    </span>
  ) : null;
}
