/** Events that could not be evaluated; each can be tried again. */
import { useInfiniteQuery, useMutation } from '@connectrpc/connect-query';
import {
  type DeadLetter,
  DeadLetterState,
  DeadLetterStateSchema,
  EventService,
} from '../../../src/gen/automation/v1/event_service_pb.ts';
import { queryClient } from '../calls/transport.ts';
import { AthleteLink } from '../parts/athlete-link.tsx';
import { MoreButton } from '../parts/more-button.tsx';
import { Answer, Nothing, Problem } from '../parts/states.tsx';
import { enumWords, formatMoment } from '../words/formats.ts';

export function DeadLetters() {
  const letters = useInfiniteQuery(
    EventService.method.listDeadLetters,
    { pageSize: 20, pageToken: '' },
    { pageParamKey: 'pageToken', getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined },
  );
  return (
    <section className="panel">
      <h2>Dead letters</h2>
      <Answer query={letters}>
        {({ pages }) => {
          const all = pages.flatMap((page) => page.deadLetters);
          return all.length === 0 ? (
            <Nothing>Every event has been evaluated.</Nothing>
          ) : (
            <>
              <ol className="timeline">
                {all.map((letter) => (
                  <LetterRow key={letter.id} letter={letter} />
                ))}
              </ol>
              <MoreButton query={letters} />
            </>
          );
        }}
      </Answer>
    </section>
  );
}

function LetterRow({ letter }: { letter: DeadLetter }) {
  const redrive = useMutation(EventService.method.redriveDeadLetters, {
    onSuccess: () => queryClient.invalidateQueries(),
  });
  return (
    <li className="entry">
      <div className="between">
        <p>
          <span className="quiet">{formatMoment(letter.lastFailedAt)}</span>{' '}
          <AthleteLink userId={letter.userId} />{' '}
          <span className={`state ${letter.state === DeadLetterState.DEAD ? 'bad' : ''}`}>
            {enumWords(DeadLetterStateSchema, letter.state)}
          </span>{' '}
          <code className="reason">{letter.reason}</code>
        </p>
        <button
          type="button"
          disabled={redrive.isPending}
          onClick={() => redrive.mutate({ deadLetterIds: [letter.id] })}
        >
          Try again
        </button>
      </div>
      <p>{letter.message}</p>
      <p className="quiet">
        Tries: {letter.attempts}
        {letter.nextAttemptAt && `; the next one ${formatMoment(letter.nextAttemptAt)}`}
      </p>
      {redrive.error && <Problem error={redrive.error} />}
    </li>
  );
}
