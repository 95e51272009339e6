/** The loop guard's holds: athletes whom a workflow does not enroll for now. */
import { useInfiniteQuery, useMutation, useQuery } from '@connectrpc/connect-query';
import { type Hold, TriggerService } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { useMay } from '../calls/permissions.ts';
import { queryClient } from '../calls/transport.ts';
import { AthleteLink } from '../parts/athlete-link.tsx';
import { MoreButton } from '../parts/more-button.tsx';
import { PAGING } from '../parts/paging.ts';
import { Answer, Nothing, Problem } from '../parts/states.tsx';
import { formatMoment } from '../words/formats.ts';

export function Holds() {
  const holds = useInfiniteQuery(TriggerService.method.listHolds, { pageSize: 20, pageToken: '' }, PAGING);
  return (
    <section className="panel">
      <h2>Holds of the loop guard</h2>
      <Answer query={holds}>
        {({ pages }) => {
          const all = pages.flatMap((page) => page.holds);
          return all.length === 0 ? (
            <Nothing>No workflow holds an athlete.</Nothing>
          ) : (
            <>
              <ol className="timeline">
                {all.map((hold) => (
                  <HoldRow key={`${hold.workflowId} ${hold.userId}`} hold={hold} />
                ))}
              </ol>
              <MoreButton query={holds} />
            </>
          );
        }}
      </Answer>
    </section>
  );
}

function HoldRow({ hold: { workflowId, userId, heldAt, endsAt } }: { hold: Hold }) {
  const { data } = useQuery(WorkflowService.method.getWorkflow, { workflowId }, { staleTime: 60_000 });
  const mayRelease = useMay(TriggerService.method.releaseHold);
  const release = useMutation(TriggerService.method.releaseHold, {
    onSuccess: () => queryClient.invalidateQueries(),
  });
  return (
    <li className="entry">
      <div className="between">
        <p>
          <span className="quiet">{formatMoment(heldAt)}</span> <AthleteLink userId={userId} />{' '}
          <strong>{data?.workflow?.name ?? 'A workflow'}</strong>
        </p>
        {mayRelease && (
          <button
            type="button"
            disabled={release.isPending}
            onClick={() => release.mutate({ workflowId, userId })}
          >
            Release
          </button>
        )}
      </div>
      <p className="quiet">
        Events that workflows caused enrolled the athlete again and again. It ends by itself{' '}
        {formatMoment(endsAt)}.
      </p>
      {release.error && <Problem error={release.error} />}
    </li>
  );
}
