/** Which failures mark a span as an error. */
import { Code } from '@connectrpc/connect';

/** Status codes that are the server's fault; other codes leave the span's status unset, by convention. */
export const SERVER_FAILURES: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);
