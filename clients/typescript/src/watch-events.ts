/** The account's events as they are evaluated, across cut connections and restarted servers. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ConnectError } from '@connectrpc/connect';
import type { ProgressionClient } from './client.js';
import { readErrorDetails } from './errors.js';
import type { Event, WatchEventsRequestSchema } from './gen/automation/v1/event_service_pb.js';
import { backoffMs, DEFAULT_RETRIES, delay, isTransient } from './retries.js';

export interface WatchedEvent {
  readonly event: Event;
  /** Store it once the event is dealt with: a later `watchEvents` with it goes on behind the event. */
  readonly resumeToken: string;
}

export interface WatchOptions {
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal;
  /** Called before each new connection with what ended the last one; undefined: the server ended the stream. */
  readonly onReconnect?: (cause: ConnectError | undefined) => void;
}

/**
 * Iterates over events, each at least once, those of an athlete in order. When the connection is lost or the server
 * ends the stream, it connects again with backoff and goes on behind the last event. Ends only by the signal, or with
 * an error that a new connection does not help against.
 *
 *     for await (const { event, resumeToken } of watchEvents(client, { types: ['lift_max_changed'] })) …
 */
export async function* watchEvents(
  { events }: Pick<ProgressionClient, 'events'>,
  request: MessageInitShape<typeof WatchEventsRequestSchema> = {},
  { signal, onReconnect }: WatchOptions = {},
): AsyncGenerator<WatchedEvent, void, undefined> {
  let resumeToken = request.resumeToken ?? '';
  let failures = 0;
  while (!signal?.aborted) {
    const fromBeginning = resumeToken === '' && request.fromBeginning;
    let cause: ConnectError | undefined;
    try {
      const answers = events.watchEvents({ types: request.types, resumeToken, fromBeginning }, { signal });
      for await (const answer of answers) {
        failures = 0;
        ({ resumeToken } = answer);
        if (answer.event) {
          yield { event: answer.event, resumeToken };
        }
      }
    } catch (error) {
      if (signal?.aborted) {
        return;
      }
      if (!isTransient(error) && readErrorDetails(error).retryAfterMs === undefined) {
        throw error;
      }
      cause = error as ConnectError;
    }
    failures += 1;
    await delay((readErrorDetails(cause).retryAfterMs ?? 0) + backoffMs(DEFAULT_RETRIES, failures), signal);
    if (!signal?.aborted) {
      onReconnect?.(cause);
    }
  }
}
