/** Events that could not be evaluated; each can be tried again. */
import { useInfiniteQuery, useMutation, useQuery } from '@connectrpc/connect-query';
import { useState } from 'react';
import { Link } from 'wouter';
import {
  type DeadLetter,
  DeadLetterState,
  DeadLetterStateSchema,
  EventService,
} from '../../../src/gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { ActionDialog, ReasonInput, under } from '../actions/action-dialog.tsx';
import { events } from '../calls/clients.ts';
import { useMay } from '../calls/permissions.ts';
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
  const [isDiscarding, setIsDiscarding] = useState(false);
  const mayChange = useMay(EventService.method.redriveDeadLetters);
  const trigger = useQuery(
    TriggerService.method.getTrigger,
    { triggerId: letter.triggerId },
    { enabled: letter.triggerId !== '', retry: false, staleTime: 60_000 },
  );
  const workflowId = trigger.data?.trigger?.workflowId;
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
        {mayChange && (
          <span className="send">
            <button
              type="button"
              disabled={redrive.isPending}
              onClick={() => redrive.mutate({ deadLetterIds: [letter.id] })}
            >
              Try again
            </button>
            <button type="button" className="link" onClick={() => setIsDiscarding(true)}>
              Discard …
            </button>
          </span>
        )}
      </div>
      <p>
        {letter.message} {workflowId && <Link href={`/workflows/${workflowId}`}>Its workflow</Link>}
      </p>
      <p className="quiet">
        Tries: {letter.attempts}
        {letter.nextAttemptAt && `; the next one ${formatMoment(letter.nextAttemptAt)}`}
      </p>
      {redrive.error && <Problem error={redrive.error} />}
      {isDiscarding && <DiscardLetter letter={letter} onClose={() => setIsDiscarding(false)} />}
    </li>
  );
}

function DiscardLetter({ letter, onClose }: { letter: DeadLetter; onClose: () => void }) {
  const [reason, setReason] = useState('');
  return (
    <ActionDialog
      title="Discard this dead letter"
      input={reason}
      onClose={onClose}
      preview={async () => <p>The event is not tried again, now or later. </p>}
      confirm={(requestId) =>
        events.discardDeadLetters({ deadLetterIds: [letter.id], reason }, under(requestId))
      }
    >
      <ReasonInput value={reason} onChange={setReason} />
    </ActionDialog>
  );
}
