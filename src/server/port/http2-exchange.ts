/**
 * Passes a call on an HTTP/2 stream to the RPC handlers. Node's request and response objects are streams around the
 * stream and took a fifth of the processor time of a call.
 */
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { Code, ConnectError, type ContextValues } from '@connectrpc/connect';
import type { UniversalServerRequest, UniversalServerResponse } from '@connectrpc/connect/protocol';
import type { AnswerHeaders } from './cors.ts';
import { sendAnswer } from './http2-answer.ts';
import type { SentAnswer } from './unread-answers.ts';

export interface Http2Exchange {
  readonly request: UniversalServerRequest;
  /** Resolves when the answer is written, or when the caller is gone. */
  send(answer: UniversalServerResponse): Promise<void>;
}

/** A stream on which a call has arrived. */
export interface Http2Call {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly contextValues: ContextValues;
  readonly answerHeaders: AnswerHeaders;
  readonly sent: SentAnswer;
}

/** undefined when the request has no host, or one that no URL can have. `body` holds what the stream brings. */
export function openHttp2Exchange(
  { stream, headers, contextValues, answerHeaders, sent }: Http2Call,
  body: AsyncIterable<Uint8Array> = stream.iterator({ destroyOnReturn: false }),
): Http2Exchange | undefined {
  const url = urlOf(headers);
  if (!url) {
    return undefined;
  }
  const controller = new AbortController();
  const answered = abortOnClose(stream, controller);
  return {
    request: {
      httpVersion: '2.0',
      method: `${headers[':method']}`,
      url: url.href,
      header: fieldsOf(headers),
      body,
      signal: controller.signal,
      contextValues,
    },
    async send(answer) {
      await sendAnswer(answer, stream, answerHeaders, sent);
      answered();
    },
  };
}

/** undefined when the request has no host, or one that no URL can have. */
export function urlOf(headers: IncomingHttpHeaders): URL | null {
  const base = `${headers[':scheme'] ?? 'http'}://${headers[':authority'] ?? headers.host}`;
  return URL.parse(`${headers[':path']}`, base);
}

/** Aborts when the stream closes before the function that it returns is called. */
export function abortOnClose(stream: ServerHttp2Stream, controller: AbortController): () => void {
  let isAnswered = false;
  stream.once('close', () => {
    if (!isAnswered) {
      controller.abort(new ConnectError('the stream was closed', Code.Canceled));
    }
  });
  return () => {
    isAnswered = true;
  };
}

/** The header fields without HTTP/2's pseudo-headers. */
export function fieldsOf(headers: IncomingHttpHeaders): Headers {
  const fields = new Headers();
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined || name.startsWith(':')) {
      continue;
    }
    for (const each of Array.isArray(value) ? value : [value]) {
      fields.append(name, each);
    }
  }
  return fields;
}
