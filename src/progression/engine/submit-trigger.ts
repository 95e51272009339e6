/** Submits a trigger from its message to its answer, for single calls and batches alike. */
import {
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { CallContext } from '../../calls/call-context.ts';
import { fingerprintOf, requireRequestId } from '../../calls/once.ts';
import { hideSecrets } from '../../calls/secret-fields.ts';
import type { Limits } from '../../config/config.ts';
import { invalidFields } from '../../errors/domain-error.ts';
import type { Cause, FactActor } from '../../store/entities/outbox-entry.ts';
import { type Instant, instantOfField, instantToText } from '../../values/instant.ts';
import type { CommandDetail, CommandSequence, HandledEvent } from './trigger-command.ts';
import type { TriggerQueue } from './trigger-queue.ts';

/** The content of a message in the engine's terms. */
export interface TriggerRequest {
  readonly userId: string;
  readonly occurredAt: Instant;
  readonly isValidateOnly: boolean;
  readonly detail: CommandDetail;
}

/** The origin of a message. */
export interface TriggerOrigin
  extends Pick<CallContext, 'accountId' | 'actor' | 'receivedAt' | 'deadlineAtMs' | 'signal'> {
  readonly requestId: string | undefined;
  readonly actorKind: FactActor;
  /** The cause, when the service triggers it itself; absent for a call. */
  readonly cause?: Cause;
  /** The events of the athlete that it belongs to in order; absent for a single call. */
  readonly sequence?: CommandSequence;
}

/** A method that reports an event: reads its request and writes its answer. */
export interface TriggerMethod<I extends DescMessage, O extends DescMessage> {
  readonly method: DescMethodUnary<I, O>;
  /** Throws VALIDATION_FAILED for rules that the schema cannot express. */
  read(request: MessageShape<I>, origin: TriggerOrigin, limits: Limits): TriggerRequest;
  answer(handled: HandledEvent, request: MessageShape<I>): MessageShape<O>;
  /** Derives the answer to an event that was recorded before from the first answer. */
  answerDuplicate(first: MessageShape<O>): MessageShape<O>;
  /** Adds what a session did that is completed again, with more lifts; `before` is the answer as a duplicate's. */
  answerAgain?(before: MessageShape<O>, handled: HandledEvent): MessageShape<O>;
}

export interface TriggerAnswer<O extends DescMessage> {
  readonly response: MessageShape<O>;
  readonly isReplayed: boolean;
}

/** Submits one trigger. A request ID is required, unless the request only validates. */
export async function submitTrigger<I extends DescMessage, O extends DescMessage>(
  queue: TriggerQueue,
  limits: Limits,
  trigger: TriggerMethod<I, O>,
  request: MessageShape<I>,
  origin: TriggerOrigin,
): Promise<TriggerAnswer<O>> {
  const { method } = trigger;
  const { accountId, receivedAt, deadlineAtMs, signal } = origin;
  const read = trigger.read(request, origin, limits);
  // The answer of the last attempt, which is the committed one, so that its bytes need not be decoded.
  let answer: MessageShape<O> | undefined;
  const encode = (message: MessageShape<O>) => {
    answer = hideSecrets(method.output, message);
    return toBinary(method.output, answer);
  };
  const { response, isReplayed } = await queue.submit({
    ...read,
    accountId,
    receivedAt,
    deadlineAtMs,
    signal,
    sequence: origin.sequence,
    method: method.name,
    actor: origin.actor,
    origin: { actor: origin.actorKind, cause: origin.cause ?? null },
    requestId: read.isValidateOnly ? null : requireRequestId(origin.requestId),
    fingerprint: fingerprintOf(method.input, request),
    codec: {
      encode: (handled) => encode(trigger.answer(handled, request)),
      encodeDuplicate: (first) => encode(trigger.answerDuplicate(fromBinary(method.output, first))),
      encodeAgain:
        trigger.answerAgain &&
        ((before, handled) =>
          encode(
            present(
              trigger.answerAgain?.(trigger.answerDuplicate(fromBinary(method.output, before)), handled),
              method.name,
            ),
          )),
    },
  });
  return { response: isReplayed || !answer ? fromBinary(method.output, response) : answer, isReplayed };
}

/** 1990-01-01T00:00:00Z: an earlier time is a unit or clock error, as of a client that sends seconds for milliseconds. */
const EARLIEST: Instant = 631_152_000_000_000n;

/** The event's own time, or the server's. Refuses what is before 1990 or too far ahead of the server's clock. */
export function occurredAtOf(
  timestamp: Timestamp | undefined,
  field: string,
  receivedAt: Instant,
  limits: Limits,
): Instant {
  if (!timestamp) {
    return receivedAt;
  }
  const occurredAt = instantOfField(timestamp, field);
  if (occurredAt < EARLIEST) {
    const description = `must not be before 1990-01-01T00:00:00Z, but is ${instantToText(occurredAt)}`;
    throw invalidFields([{ field, description }]);
  }
  if (occurredAt > receivedAt + BigInt(limits.futureToleranceMs) * 1000n) {
    throw invalidFields([
      {
        field,
        description: `must be at most ${limits.futureToleranceMs / 60_000} minutes ahead of the server`,
      },
    ]);
  }
  return occurredAt;
}

/** A message that the schema requires; validation has refused requests without it. */
export function present<T>(message: T | undefined, field: string): T {
  if (message === undefined) {
    throw invalidFields([{ field, description: 'is required' }]);
  }
  return message;
}
