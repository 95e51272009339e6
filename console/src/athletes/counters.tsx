/** What rules remember of an athlete: misses in a row and stages. */
import { useQuery } from '@connectrpc/connect-query';
import { ProgressionService } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { Answer, Nothing } from '../parts/states.tsx';
import type { Names } from '../words/names.ts';

export function Counters({ userId, names }: { userId: string; names: Names }) {
  const counters = useQuery(ProgressionService.method.listFailureCounters, { userId, pageSize: 500 });
  const states = useQuery(ProgressionService.method.listProgressionStates, { userId, pageSize: 500 });
  return (
    <section className="panel">
      <h2>Misses in a row</h2>
      <Answer query={counters}>
        {({ failureCounters }) => {
          const counting = failureCounters.filter((counter) => counter.consecutiveFailures > 0);
          return counting.length === 0 ? (
            <Nothing>No lift is being missed.</Nothing>
          ) : (
            <ul className="plain">
              {counting.map(({ liftId, progressionId, consecutiveFailures }) => (
                <li key={`${liftId} ${progressionId}`} className="between">
                  <span>{names.lift(liftId)}</span>
                  <span className="bad">
                    {consecutiveFailures}
                    {thresholdOf(names, progressionId)}
                  </span>
                </li>
              ))}
            </ul>
          );
        }}
      </Answer>
      {states.data && states.data.progressionStates.length > 0 && (
        <>
          <h2>Stages</h2>
          <ul className="plain">
            {states.data.progressionStates.map(({ liftId, progressionId, stage, totalStages }) => (
              <li key={`${liftId} ${progressionId}`} className="between">
                <span>{names.lift(liftId)}</span>
                <span>
                  {stage?.name}{' '}
                  <span className="quiet">{`${(stage?.index ?? 0) + 1} of ${totalStages}`}</span>
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** ` of 3`, where the rule is a deload. */
function thresholdOf(names: Names, progressionId: string): string {
  const rule = names.rules.get(progressionId)?.parameters?.rule;
  return rule?.case === 'deloadOnFailure' ? ` of ${rule.value.failureThreshold}` : '';
}
