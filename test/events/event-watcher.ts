/** Reads a stream of events in the background, and tells what has come so far and how it ended. */
import { type CallOptions, ConnectError } from '@connectrpc/connect';
import type { Event, WatchEventsRequest } from '../../src/gen/automation/v1/event_service_pb.ts';
import type { AutomationClient } from '../support/automation.ts';

export interface EventWatcher {
  readonly events: readonly Event[];
  /** Of each message, with and without an event. */
  readonly tokens: readonly string[];
  /** Goes away. */
  leave(): Promise<void>;
  /** Resolves with the error that ended the stream; undefined: it came to its end. */
  readonly ended: Promise<ConnectError | undefined>;
}

type Client = Pick<AutomationClient['events'], 'watchEvents'>;

/** Resolves once the stream has begun, or has ended already. */
export async function watch(
  client: Client,
  request: Partial<Omit<WatchEventsRequest, '$typeName'>> = {},
  options: CallOptions = {},
): Promise<EventWatcher> {
  const leaving = new AbortController();
  const events: Event[] = [];
  const tokens: string[] = [];
  const begun = Promise.withResolvers<void>();
  const read = async () => {
    try {
      for await (const message of client.watchEvents(request, { signal: leaving.signal, ...options })) {
        tokens.push(message.resumeToken);
        if (message.event) {
          events.push(message.event);
        }
        begun.resolve();
      }
      return undefined;
    } catch (error) {
      return ConnectError.from(error);
    } finally {
      begun.resolve();
    }
  };
  const ended = read();
  await begun.promise;
  return {
    events,
    tokens,
    ended,
    async leave() {
      leaving.abort();
      await ended;
    },
  };
}
