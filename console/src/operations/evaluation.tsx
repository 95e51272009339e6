/** How far the evaluation of events is behind, and how many runs wait for what. */
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { useQuery } from '@connectrpc/connect-query';
import { DeadLetterState, EventService } from '../../../src/gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import {
  WorkflowEnrollmentState as State,
  WorkflowService,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { formatMoment } from '../words/formats.ts';

export function Evaluation() {
  const newest = useQuery(EventService.method.listEvents, { pageSize: 1 });
  const event = newest.data?.events[0];
  const explained = useQuery(
    TriggerService.method.explainEvent,
    { eventId: event?.id ?? '' },
    { enabled: event !== undefined },
  );
  const evaluatedAt = explained.data?.evaluatedAt;
  const lagMs =
    evaluatedAt && event?.recordedAt ? timestampMs(evaluatedAt) - timestampMs(event.recordedAt) : undefined;
  return (
    <section className="panel">
      <h2>Evaluation</h2>
      <dl className="figures">
        <div>
          <dt>Newest evaluated event</dt>
          <dd>{event ? formatMoment(event.recordedAt) : '–'}</dd>
        </div>
        <div>
          <dt>Evaluated after</dt>
          <dd>{lagMs === undefined ? '–' : formatLag(lagMs)}</dd>
        </div>
        <RetriedEvents />
        <RunCount state={State.ACTIVE} name="Runs going on" />
        <RunCount state={State.QUEUED} name="Runs that wait for an opening" />
        <RunCount state={State.PAUSED} name="Runs paused" />
      </dl>
    </section>
  );
}

function RetriedEvents() {
  const { data } = useQuery(EventService.method.listDeadLetters, {
    ...{ state: DeadLetterState.RETRYING, pageSize: 1 },
  });
  return (
    <div>
      <dt>Events being retried</dt>
      <dd>{data?.totalSize.toLocaleString('en-GB') ?? '–'}</dd>
    </div>
  );
}

function RunCount({ state, name }: { state: State; name: string }) {
  const { data } = useQuery(WorkflowService.method.listWorkflowEnrollments, { state, pageSize: 1 });
  return (
    <div>
      <dt>{name}</dt>
      <dd>{data?.totalSize.toLocaleString('en-GB') ?? '–'}</dd>
    </div>
  );
}

function formatLag(ms: number): string {
  return ms < 1_000 ? `${Math.max(0, Math.round(ms))} ms` : `${Math.round(ms / 100) / 10} s`;
}
