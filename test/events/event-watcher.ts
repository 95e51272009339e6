/** Reads a WatchEvents stream in the background, and collects its events and its end. */
import { type CallOptions, ConnectError } from '@connectrpc/connect';
import type { Event, WatchEventsRequest } from '../../src/gen/automation/v1/event_service_pb.ts';
import type { AutomationClient } from '../support/automation.ts';

export interface EventWatcher {
  readonly events: readonly Event[];
  /** The token of each message, with and without an event. */
  readonly tokens: readonly string[];
  /** Disconnects. */
  leave(): Promise<void>;
  /** Resolves with the error that ended the stream; undefined for a normal end. */
  readonly ended: Promise<ConnectError | undefined>;
}

type Client = Pick<AutomationClient['events'], 'watchEvents'>;

/** Starts watching; resolves when the stream has started or ended. */
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
