/** Calls that are answered by a stream: one message in, any number out. */
import type { Message } from '@bufbuild/protobuf';
import type { StreamRequest } from '@connectrpc/connect';
import { DomainError } from '../../errors/domain-error.ts';

export interface OnlyMessage {
  readonly message: Message;
  /** The request with its message in it, to be read as often as anybody likes. */
  readonly request: StreamRequest;
}

/** Reads a request to its end. VALIDATION_FAILED unless there is one message in it. */
export async function readOnlyMessage(request: StreamRequest): Promise<OnlyMessage> {
  const messages: Message[] = [];
  for await (const message of request.message) {
    messages.push(message);
    if (messages.length > 1) {
      break;
    }
  }
  const [message] = messages;
  if (!message || messages.length > 1) {
    throw new DomainError('VALIDATION_FAILED', `${request.method.name} takes one request message`);
  }
  return { message, request: { ...request, message: repeatably(message) } };
}

function repeatably(message: Message): AsyncIterable<Message> {
  return {
    async *[Symbol.asyncIterator]() {
      yield message;
    },
  };
}

/** Who hears how a stream ended; one of these, once. */
export interface StreamEnd {
  completed(): void;
  /** Answers with what to fail with instead. */
  failed(error: unknown): unknown;
  /** Its reader went away. */
  left(): void;
}

/** The same messages, with somebody who hears of their end. */
export async function* tellEnd<T>(messages: AsyncIterable<T>, end: StreamEnd): AsyncGenerator<T> {
  // While a message is being sent: what ends the stream then is that nobody takes it any more.
  let isSending = false;
  try {
    for await (const message of messages) {
      isSending = true;
      yield message;
      isSending = false;
    }
    end.completed();
  } catch (error) {
    throw isSending ? error : end.failed(error);
  } finally {
    if (isSending) {
      end.left();
    }
  }
}
