/** The page's one way to the service: Connect over fetch, to the host that served the page. */
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { QueryClient } from '@tanstack/react-query';
import { v7 as uuidv7 } from 'uuid';
import { currentToken, reportRefusal } from './credential.ts';

/** Writing calls need a request ID; a caller that sends a call again sets its own. */
const addMetadata: Interceptor = (next) => (request) => {
  const { header, method } = request;
  header.set('x-actor', 'console');
  if (currentToken() !== '') {
    header.set('authorization', `Bearer ${currentToken()}`);
  }
  if (method.idempotency !== IdempotencyLevel.NO_SIDE_EFFECTS && !header.has('idempotency-key')) {
    header.set('idempotency-key', uuidv7());
  }
  return next(request);
};

const noticeRefusal: Interceptor = (next) => async (request) => {
  try {
    return await next(request);
  } catch (error) {
    if (ConnectError.from(error).code === Code.Unauthenticated) {
      reportRefusal();
    }
    throw error;
  }
};

export const transport = createConnectTransport({
  baseUrl: window.location.origin,
  interceptors: [addMetadata, noticeRefusal],
});

/** Answers stay until an event of the service says that they may have changed. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 5 && isTemporary(error),
      retryDelay: (failures) => Math.min(500 * 2 ** failures, 4_000),
    },
  },
});

/** The server is away, restarting or overloaded. */
export function isTemporary(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  // A fetch that reaches no server fails as UNKNOWN.
  return (
    code === Code.Unavailable ||
    (code === Code.Unknown && !(error instanceof ConnectError && error.metadata.has('content-type')))
  );
}
