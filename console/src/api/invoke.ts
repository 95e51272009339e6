/** Calls a method that is known by its descriptor only. */
import {
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
  fromJson,
  type JsonValue,
  toJson,
} from '@bufbuild/protobuf';
import { transport } from '../calls/transport.ts';

/** Streams end after this many messages: the page shows them all. */
const MOST_MESSAGES = 100;

export interface Invocation {
  readonly request: JsonValue;
  readonly requestId: string | undefined;
  readonly signal: AbortSignal;
}

/** Calls `onMessage` with each answer as JSON. Throws what the server refuses with, and what is not a message. */
export async function invoke(
  method: DescMethod,
  { request, requestId, signal }: Invocation,
  onMessage: (message: JsonValue) => void,
): Promise<void> {
  const input = fromJson(method.input, request);
  const headers = new Headers(requestId ? { 'idempotency-key': requestId } : {});
  if (method.methodKind === 'unary') {
    const unary = method as DescMethodUnary;
    const { message } = await transport.unary(unary, signal, undefined, headers, input);
    onMessage(toJson(method.output, message));
    return;
  }
  const stream = method as DescMethodStreaming;
  const one = (async function* () {
    yield input;
  })();
  const { message } = await transport.stream(stream, signal, undefined, headers, one);
  let count = 0;
  for await (const each of message) {
    onMessage(toJson(method.output, each));
    count += 1;
    if (count === MOST_MESSAGES) {
      return;
    }
  }
}
