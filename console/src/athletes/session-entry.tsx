/** One session of the timeline: what it did to each lift, and its sets. */
import { useQuery } from '@connectrpc/connect-query';
import { useState } from 'react';
import { SetKind } from '../../../src/gen/progression/v1/common_pb.ts';
import {
  type CompletedSession,
  type LoggedSet,
  ProgressionService,
} from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { CorrectSet } from '../actions/correct-set.tsx';
import { UndoSession } from '../actions/undo-session.tsx';
import { useMay } from '../calls/permissions.ts';
import { Answer } from '../parts/states.tsx';
import { dayName, formatNumber, formatShortDay, formatWeight, plural } from '../words/formats.ts';
import type { Names } from '../words/names.ts';
import { describeResults, type LiftWords, type WordsContext } from '../words/outcome-words.ts';
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
  const context = { names, stored, shown, sets: logged };
  const mayUndo = useMay(ProgressionService.method.revertEvent);
  const [isUndoing, setIsUndoing] = useState(false);
  const missed = logged.filter((set) => set.failed).length;
  const results = outcome.data?.events.flatMap((event) => event.outcome?.results ?? []) ?? [];
  const words = describeResults(results, context);
  return (
    <li className="entry">
      {mayUndo && (
        <button type="button" className="link entry-actions" onClick={() => setIsUndoing(true)}>
          Undo …
        </button>
      )}
      {isUndoing && <UndoSession {...{ userId, session, context }} onClose={() => setIsUndoing(false)} />}
      <p className="entry-head">
        <span className="quiet">{formatShortDay(session.completedAt)}</span>{' '}
        <strong>{session.daySlug ? dayName(session.daySlug) : 'Session'}</strong>{' '}
        {session.weekNumber > 0 && <span className="quiet">week {session.weekNumber}</span>}
      </p>
      <Answer query={outcome}>
        {() => (
          <ul className="outcomes">
            {words.map(({ liftId, tone, text }) => (
              <li key={liftId} className={tone}>
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
          <SetTable {...{ userId, context }} />
          <OtherRules words={words} names={names} />
        </details>
      )}
    </li>
  );
}

/** What else was considered for each lift, and why it did not apply. */
function OtherRules({ words, names }: { words: readonly LiftWords[]; names: Names }) {
  return words
    .filter(({ details }) => details.length > 0)
    .map(({ liftId, details }) => (
      <p key={liftId} className="quiet">
        {names.lift(liftId)} – {details.join('; ')}
      </p>
    ));
}

function SetTable({ userId, context }: { userId: string; context: WordsContext }) {
  const mayCorrect = useMay(ProgressionService.method.correctSets);
  const [correcting, setCorrecting] = useState<LoggedSet>();
  const byLift = Map.groupBy(
    context.sets.toSorted((a, b) => a.setNumber - b.setNumber),
    ({ liftId }) => liftId,
  );
  return (
    <>
      <ul className="sets">
        {[...byLift].map(([liftId, ofLift]) => (
          <li key={liftId}>
            <span className="sets-lift">{context.names.lift(liftId)}</span>
            {ofLift.map((set) => {
              const className = `set ${set.failed ? 'set-missed' : ''} ${set.kind === SetKind.WARM_UP ? 'set-warm-up' : ''}`;
              return mayCorrect ? (
                <button
                  key={set.id}
                  type="button"
                  className={className}
                  title={`Correct set ${set.setNumber}`}
                  onClick={() => setCorrecting(set)}
                >
                  <SetWords set={set} context={context} />
                </button>
              ) : (
                <span key={set.id} className={className}>
                  <SetWords set={set} context={context} />
                </span>
              );
            })}
          </li>
        ))}
      </ul>
      {correcting && (
        <CorrectSet {...{ userId, context }} set={correcting} onClose={() => setCorrecting(undefined)} />
      )}
    </>
  );
}

function SetWords({ set, context: { stored, shown } }: { set: LoggedSet; context: WordsContext }) {
  return (
    <>
      {formatNumber(set.repsPerformed)}
      {set.kind === SetKind.AMRAP && '+'}
      <span className="quiet">
        /{set.targetReps} × {formatWeight(set.weight, stored, shown)}
      </span>
      {set.failed && <span className="unseen"> missed</span>}
    </>
  );
}
