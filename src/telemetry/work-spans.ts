/** Spans of the work inside calls and workers, each in its place in a trace; see flow/traced.ts. */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { DomainError } from '../errors/domain-error.ts';
import { ERROR_TABLE } from '../errors/error-table.ts';
import { type TracedWork, WORK_CHANNEL } from '../flow/traced.ts';
import { sqlStateOf } from '../store/database-error.ts';
import { SERVER_FAILURES } from './server-failures.ts';

/**
 * The place in a trace of the work under way. It has the identity of a span and not the span, because the connections of
 * the pool keep for good what was current when they were opened.
 */
interface Place {
  readonly parent: SpanContext;
  /** The calls that share the work with the parent. */
  readonly links: readonly Link[];
}

export interface WorkSpans {
  /** Runs `work` as a part of the span. */
  within<T>(span: Span, work: () => T): T;
  /** Keeps the place of a command that is handed to the queue, as long as the command lives. */
  submitted(command: object): void;
  /** Runs work for these commands: a part of the first one's trace that is recorded, with links to those of the others. */
  withinAll<T>(commands: readonly object[], work: () => T): T;
  /** Makes no further span. */
  close(): void;
}

/** Makes spans until it is closed. */
export function startWorkSpans(tracer: Tracer): WorkSpans {
  const places = new AsyncLocalStorage<Place | undefined>();
  const ofCommands = new WeakMap<object, Place>();
  const spans = new WeakMap<TracedWork, Span>();

  /** Starts the span of work that begins; returns the place of its own parts. */
  function begin(work: TracedWork): Place | undefined {
    const place = places.getStore();
    if (place ? !isRecorded(place) : !work.isRoot) {
      return place;
    }
    const span = tracer.startSpan(
      work.name,
      {
        kind: work.kind === 'CALL' ? SpanKind.CLIENT : SpanKind.INTERNAL,
        ...(place && { links: [...place.links] }),
      },
      place ? trace.setSpanContext(ROOT_CONTEXT, place.parent) : ROOT_CONTEXT,
    );
    spans.set(work, span);
    return placeIn(span);
  }

  const end = (message: unknown) => {
    const work = message as TracedWork & { readonly error?: unknown };
    const span = spans.get(work);
    if (!span) {
      return;
    }
    const { error, attributes } = work;
    const type = error === undefined ? attributes['error.type'] : typeOf(error);
    span.setAttributes(type === undefined ? attributes : { ...attributes, 'error.type': type });
    if (type !== undefined && !isRefusal(error)) {
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  };
  WORK_CHANNEL.start.bindStore(places, begin);
  WORK_CHANNEL.asyncEnd.subscribe(end);

  return {
    within: (span, work) => places.run(placeIn(span), work),
    submitted(command) {
      const place = places.getStore();
      if (place && isRecorded(place)) {
        ofCommands.set(command, place);
      }
    },
    withinAll(commands, work) {
      const [first, ...others] = commands.flatMap((command) => ofCommands.get(command) ?? []);
      const links = others.map(({ parent }) => ({ context: parent }));
      return places.run(first && { parent: first.parent, links }, work);
    },
    close() {
      WORK_CHANNEL.start.unbindStore(places);
      WORK_CHANNEL.asyncEnd.unsubscribe(end);
    },
  };
}

function placeIn(span: Span): Place {
  return { parent: span.spanContext(), links: [] };
}

function isRecorded({ parent }: Place): boolean {
  return (parent.traceFlags & TraceFlags.SAMPLED) === TraceFlags.SAMPLED;
}

/** Whether a caller caused the error; such errors leave the status unset, by convention. */
function isRefusal(error: unknown): boolean {
  return error instanceof DomainError && !SERVER_FAILURES.has(ERROR_TABLE[error.reason].code);
}

/** A reason of the contract, a SQLSTATE, or the class of the error; never its message. */
function typeOf(error: unknown): string {
  if (error instanceof DomainError) {
    return error.reason;
  }
  return sqlStateOf(error) ?? (error instanceof Error ? error.name : 'unknown');
}
