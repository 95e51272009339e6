/** One call: the form or the JSON of its message, what came back, and the same call for a shell. */
import type { DescMethod, JsonObject, JsonValue } from '@bufbuild/protobuf';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { v7 as uuidv7 } from 'uuid';
import { useCredential } from '../calls/credential.ts';
import { Problem } from '../parts/states.tsx';
import { invoke } from './invoke.ts';
import { MessageForm } from './message-form.tsx';
import { curlSnippet, grpcurlSnippet, isWriting } from './snippets.ts';

interface Result {
  readonly messages: readonly JsonValue[];
  readonly error: unknown;
  readonly durationMs: number;
}

export function MethodCall({ method }: { method: DescMethod }) {
  const [value, setValue] = useState<JsonObject>({});
  const [text, setText] = useState<string>();
  const [requestId, setRequestId] = useState(newRequestId(method));
  const [result, setResult] = useState<Result>();
  const running = useRef<AbortController>(null);
  const [isRunning, setIsRunning] = useState(false);
  useEffect(() => () => running.current?.abort(), []);

  async function send(event: FormEvent): Promise<void> {
    event.preventDefault();
    const stop = new AbortController();
    running.current = stop;
    setIsRunning(true);
    const startedAt = performance.now();
    const messages: JsonValue[] = [];
    const show = (error?: unknown) =>
      setResult({ messages: [...messages], error, durationMs: performance.now() - startedAt });
    try {
      const request = text === undefined ? value : JSON.parse(text);
      await invoke(method, { request, requestId, signal: stop.signal }, (message) => {
        messages.push(message);
        show();
      });
      show();
    } catch (error) {
      show(stop.signal.aborted ? undefined : error);
    } finally {
      setIsRunning(false);
    }
  }

  return (
    <form onSubmit={send} className="call">
      <div className="between">
        <h3>Request</h3>
        <button
          type="button"
          className="link"
          onClick={() => {
            if (text === undefined) {
              setText(JSON.stringify(value, null, 2));
            } else {
              setValue(objectIn(text) ?? value);
              setText(undefined);
            }
          }}
        >
          {text === undefined ? 'Edit as JSON' : 'Edit as a form'}
        </button>
      </div>
      {text === undefined ? (
        <MessageForm schema={method.input} value={value} onChange={setValue} />
      ) : (
        <textarea
          className="json"
          aria-label="Request as JSON"
          rows={12}
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      )}
      <div className="send">
        <button type="submit" className="primary" disabled={isRunning}>
          Send
        </button>
        {isRunning && method.methodKind !== 'unary' && (
          <button type="button" onClick={() => running.current?.abort()}>
            Stop
          </button>
        )}
        {requestId && (
          <span className="quiet">
            Request ID <code>{requestId}</code>{' '}
            <button type="button" className="link" onClick={() => setRequestId(newRequestId(method))}>
              New
            </button>
          </span>
        )}
      </div>
      {result && <ResultView {...result} />}
      <Snippets method={method} json={text ?? JSON.stringify(value)} requestId={requestId} />
    </form>
  );
}

function newRequestId(method: DescMethod): string | undefined {
  return isWriting(method) ? uuidv7() : undefined;
}

/** undefined when the text is not the JSON of an object. */
function objectIn(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}

function ResultView({ messages, error, durationMs }: Result) {
  return (
    <div aria-live="polite">
      <h3>
        Answer <span className="quiet">{Math.round(durationMs)} ms</span>
      </h3>
      {error !== undefined && <Problem error={error} />}
      {messages.map((message, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages of a stream have no identity but their place
        <pre key={index} className="json">
          {JSON.stringify(message, null, 2)}
        </pre>
      ))}
    </div>
  );
}

function Snippets({
  method,
  json,
  requestId,
}: {
  method: DescMethod;
  json: string;
  requestId: string | undefined;
}) {
  const { token } = useCredential();
  const object = objectIn(json);
  const options = {
    ...{ origin: window.location.origin, requestId, hasToken: token !== '' },
    json: object ? JSON.stringify(object) : json,
  };
  const curl = curlSnippet(method, options);
  return (
    <>
      <h3>The same call for a shell</h3>
      <Snippet name="grpcurl" text={grpcurlSnippet(method, options)} />
      {curl && <Snippet name="curl" text={curl} />}
    </>
  );
}

function Snippet({ name, text }: { name: string; text: string }) {
  const [isCopied, setIsCopied] = useState(false);
  return (
    <div className="snippet">
      <pre>{text}</pre>
      <button
        type="button"
        onClick={() => navigator.clipboard.writeText(text).then(() => setIsCopied(true))}
        aria-label={`Copy ${name}`}
      >
        {isCopied ? 'Copied' : 'Copy'}
      </button>
    </div>
  );
}
