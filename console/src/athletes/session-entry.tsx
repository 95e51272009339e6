/** One session of the timeline: what it did to each lift, and its sets. */
import { useQuery } from '@connectrpc/connect-query';
import { SetKind } from '../../../src/gen/progression/v1/common_pb.ts';
import type { WeightUnit } from '../../../src/gen/progression/v1/program_service_pb.ts';
import {
  type CompletedSession,
  type LoggedSet,
  ProgressionService,
} from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { Answer } from '../parts/states.tsx';
import {
  dayName,
  formatNumber,
  formatShortDay,
  formatWeight,
  plural,
  type ShownUnit,
} from '../words/formats.ts';
import type { Names } from '../words/names.ts';
import { describeResults } from '../words/outcome-words.ts';
import type { TimelineProps } from './timeline.tsx';

export function SessionEntry({
  session,
  userId,
  names,
  program,
  shown,
}: TimelineProps & { session: CompletedSession }) {
  const { sessionId } = session;
  const outcome = useQuery(ProgressionService.method.getEventOutcome, {
    ...{ userId, event: { case: 'sessionId', value: sessionId } },
  });
  const sets = useQuery(ProgressionService.method.listLoggedSets, { userId, sessionId, pageSize: 500 });
  const stored = program?.unit ?? 0;
  const logged = sets.data?.sets ?? [];
  const missed = logged.filter((set) => set.failed).length;
  return (
    <li className="entry">
      <p className="entry-head">
        <span className="quiet">{formatShortDay(session.completedAt)}</span>{' '}
        <strong>{session.daySlug ? dayName(session.daySlug) : 'Session'}</strong>{' '}
        {session.weekNumber > 0 && <span className="quiet">week {session.weekNumber}</span>}
      </p>
      <Answer query={outcome}>
        {({ events }) => (
          <ul className="outcomes">
            {describeResults(
              events.flatMap((event) => event.outcome?.results ?? []),
              { names, stored, shown, sets: logged },
            ).map(({ liftId, tone, text, details }) => (
              <li key={liftId} className={tone} title={details.join('\n') || undefined}>
                {text}
              </li>
            ))}
          </ul>
        )}
      </Answer>
      {session.loggedSets > 0 && (
        <details>
          <summary>
            {plural(session.loggedSets, 'set')}
            {missed > 0 && <span className="bad">, {missed} missed</span>}
          </summary>
          <SetTable sets={logged} {...{ names, stored, shown }} />
        </details>
      )}
    </li>
  );
}

function SetTable({
  sets,
  names,
  stored,
  shown,
}: {
  sets: readonly LoggedSet[];
  names: Names;
  stored: WeightUnit;
  shown: ShownUnit;
}) {
  const byLift = Map.groupBy(
    sets.toSorted((a, b) => a.setNumber - b.setNumber),
    ({ liftId }) => liftId,
  );
  return (
    <ul className="sets">
      {[...byLift].map(([liftId, ofLift]) => (
        <li key={liftId}>
          <span className="sets-lift">{names.lift(liftId)}</span>
          {ofLift.map((set) => (
            <span
              key={set.id}
              className={`set ${set.failed ? 'set-missed' : ''} ${set.kind === SetKind.WARM_UP ? 'set-warm-up' : ''}`}
            >
              {formatNumber(set.repsPerformed)}
              {set.kind === SetKind.AMRAP && '+'}
              <span className="quiet">
                /{set.targetReps} × {formatWeight(set.weight, stored, shown)}
              </span>
              {set.failed && <span className="unseen"> missed</span>}
            </span>
          ))}
        </li>
      ))}
    </ul>
  );
}
