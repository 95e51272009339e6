/**
 * Work that traces show: transactions, steps, calls to other systems. It is published on a channel of node:diagnostics_channel,
 * so that the code that works knows nothing of tracing, and costs one check while there is no subscriber.
 */
import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel';

/**
 * By OpenTelemetry's names where it has one, else `progression.…`. Identities, counts and fixed words only: no value that a
 * caller or a coach can write. `error.type` marks work as failed.
 */
export type TraceAttributes = Record<string, string | number>;

export interface TracedWork {
  /** The name of the span: one of few. */
  readonly name: string;
  /** CALL: of another system. */
  readonly kind: 'WORK' | 'CALL';
  /** Whether it starts a trace when it is part of no other traced work. */
  readonly isRoot: boolean;
  /** May be added to while the work runs. */
  readonly attributes: TraceAttributes;
}

export const WORK_CHANNEL: TracingChannel<unknown, TracedWork> = tracingChannel('progression.work');

/** Runs `work`; `describe` is called only when traces are made. */
export function traced<T>(
  describe: () => TracedWork,
  work: (attributes: TraceAttributes) => Promise<T>,
): Promise<T> {
  if (!WORK_CHANNEL.hasSubscribers) {
    return work({});
  }
  const described = describe();
  return WORK_CHANNEL.tracePromise(() => work(described.attributes), described);
}
