/** The same call for a shell. */
import type { DescMethod } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from '@bufbuild/protobuf/wkt';

export interface SnippetOptions {
  /** The origin of the server, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** The message as JSON on one line. */
  readonly json: string;
  /** Absent for calls that change nothing. */
  readonly requestId: string | undefined;
  /** Whether the calls of the page carry a token; the snippet reads it from `$TOKEN`. */
  readonly hasToken: boolean;
}

/** Whether the method changes something, and so needs a request ID. */
export function isWriting({ idempotency }: DescMethod): boolean {
  return idempotency !== IdempotencyLevel.NO_SIDE_EFFECTS;
}

export function grpcurlSnippet(method: DescMethod, options: SnippetOptions): string {
  const { protocol, host, hostname, port } = new URL(options.origin);
  const isTls = protocol === 'https:';
  const address = port === '' ? `${hostname}:${isTls ? 443 : 80}` : host;
  return [
    ...['grpcurl', ...(isTls ? [] : ['-plaintext'])],
    ...headersOf(options),
    ...['-d', quote(options.json), address, `${method.parent.typeName}/${method.name}`],
  ].join(' ');
}

/** undefined for streams: their messages are framed, which curl does not do. */
export function curlSnippet(method: DescMethod, options: SnippetOptions): string | undefined {
  if (method.methodKind !== 'unary') {
    return undefined;
  }
  return [
    ...['curl', '-s', '-H', quote('content-type: application/json')],
    ...headersOf(options),
    ...['-d', quote(options.json), `${options.origin}/${method.parent.typeName}/${method.name}`],
  ].join(' ');
}

function headersOf({ requestId, hasToken }: SnippetOptions): string[] {
  return [
    ...(hasToken ? ['-H', '"authorization: Bearer $TOKEN"'] : []),
    ...(requestId ? ['-H', quote(`idempotency-key: ${requestId}`)] : []),
  ];
}

/** One word for a POSIX shell, whatever is in it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
