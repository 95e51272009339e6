/** The account's events: live, by type, and each explained. */
import type { JsonObject } from '@bufbuild/protobuf';
import { useInfiniteQuery, useQuery } from '@connectrpc/connect-query';
import { useEffect, useState } from 'react';
import { useSearchParams } from 'wouter';
import {
  type Event,
  EventActorSchema,
  EventService,
} from '../../../src/gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { listenToEvents } from '../calls/live-events.ts';
import { AthleteLink } from '../parts/athlete-link.tsx';
import { FindAthlete } from '../parts/find-athlete.tsx';
import { Values } from '../parts/json-view.tsx';
import { MoreButton } from '../parts/more-button.tsx';
import { withParameter } from '../parts/search-parameters.ts';
import { Answer, Nothing } from '../parts/states.tsx';
import { Title } from '../parts/title.tsx';
import { enumWords, formatClock, formatDay, sentenceCase } from '../words/formats.ts';
import { type Names, useNames } from '../words/names.ts';
import { Explanation } from './explanation.tsx';

/** A page that is open for days keeps this many of the events that it saw arrive. */
const MOST_ARRIVED = 500;

export default function EventsPage() {
  const [chosen, setChosen] = useSearchParams();
  const type = chosen.get('type') ?? '';
  const userId = chosen.get('athlete') ?? '';
  const choose = (name: 'type' | 'athlete', value: string) =>
    setChosen((before) => withParameter(before, name, value), { replace: true });
  const [arrived, setArrived] = useState<readonly Event[]>([]);
  useEffect(
    () => listenToEvents((event) => setArrived((before) => [event, ...before].slice(0, MOST_ARRIVED))),
    [],
  );
  const types = useQuery(TriggerService.method.listEventTypes, {}, { staleTime: 60_000 });
  const events = useInfiniteQuery(
    EventService.method.listEvents,
    { type, userId, pageSize: 50, pageToken: '' },
    { pageParamKey: 'pageToken', getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined },
  );
  return (
    <>
      <Title>Events</Title>
      <header className="heading">
        <div>
          <h1>Events</h1>
          {userId !== '' && (
            <p className="quiet">
              Of <AthleteLink userId={userId} /> ·{' '}
              <button type="button" className="link" onClick={() => choose('athlete', '')}>
                of all athletes
              </button>
            </p>
          )}
        </div>
        <div className="send">
          <FindAthlete onChoose={(id) => choose('athlete', id)} />
          <label className="choice">
            <span className="unseen">Type of event</span>
            <select value={type} onChange={(event) => choose('type', event.target.value)}>
              <option value="">All types</option>
              {types.data?.eventTypes.map(({ name }) => (
                <option key={name} value={name}>
                  {sentenceCase(name)}
                </option>
              ))}
            </select>
          </label>
        </div>
      </header>
      <Answer query={events}>
        {({ pages }) => {
          const ofType = arrived.filter(
            (event) => (type === '' || event.type === type) && (userId === '' || event.userId === userId),
          );
          const all = withoutRepeats([...ofType, ...pages.flatMap((page) => page.events)]);
          return all.length === 0 ? (
            <Nothing>No such event yet.</Nothing>
          ) : (
            <>
              <ol className="panel timeline events" aria-live="polite" aria-relevant="additions">
                {all.map((event) => (
                  <EventRow key={event.id} event={event} />
                ))}
              </ol>
              <MoreButton query={events} />
            </>
          );
        }}
      </Answer>
    </>
  );
}

/** What arrived may be in a later answer as well. */
function withoutRepeats(events: readonly Event[]): Event[] {
  return [...new Map(events.map((event) => [event.id, event])).values()];
}

function EventRow({ event }: { event: Event }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li className="entry">
      <details onToggle={(toggle) => setIsOpen(toggle.currentTarget.open)}>
        <summary>
          <span className="event-time">
            {formatDay(event.occurredAt)} {formatClock(event.occurredAt)}
          </span>
          <strong>{sentenceCase(event.type)}</strong>
        </summary>
        {isOpen && <EventDetail event={event} />}
      </details>
      <AthleteLink userId={event.userId} />
    </li>
  );
}

/** Ids of lifts, rules and programs with their names. */
function withNames(values: JsonObject | undefined, names: Names): JsonObject {
  const nameOf: Readonly<Record<string, (id: string) => string>> = {
    ...{ lift_id: names.lift, progression_id: names.rule, program_id: names.program },
  };
  const entries = Object.entries(values ?? {});
  return Object.fromEntries(
    entries.map(([name, value]) => [name, nameOf[name] ? `${nameOf[name](`${value}`)} (${value})` : value]),
  );
}

function EventDetail({ event }: { event: Event }) {
  const names = useNames();
  return (
    <div className="event-detail">
      <p className="quiet">
        {enumWords(EventActorSchema, event.actor)} · recorded {formatDay(event.recordedAt)}{' '}
        {formatClock(event.recordedAt)} · <code>{event.id}</code>
      </p>
      <Values values={withNames(event.data, names)} />
      {event.previous && (
        <>
          <h3>Before</h3>
          <Values values={withNames(event.previous, names)} />
        </>
      )}
      <Explanation eventId={event.id} />
    </div>
  );
}
