/** Server-streaming calls: one request message, any number of responses. */
import type { Message } from '@bufbuild/protobuf';
import type { StreamRequest } from '@connectrpc/connect';
import { DomainError } from '../../errors/domain-error.ts';

export interface OnlyMessage {
  readonly message: Message;
  /** The request with its message, which can be read several times. */
  readonly request: StreamRequest;
}

/** Reads a request to its end. Throws VALIDATION_FAILED unless it has exactly one message. */
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

/** Observes the end of a stream; one of these is called, once. */
export interface StreamEnd {
  completed(): void;
  /** Returns the error to fail with instead. */
  failed(error: unknown): unknown;
  /** The reader cancelled. */
  left(): void;
}

/** The same messages, observed. */
export async function* observeEnd<T>(messages: AsyncIterable<T>, end: StreamEnd): AsyncGenerator<T> {
  // While a message is being sent, the stream can end only because the reader is gone.
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
