/**
 * The client of the progression service, on any Connect transport. `/node` and `/web` have transports; `/progression`
 * and `/automation` the messages and enums of the two packages.
 */
export { Code, ConnectError } from '@connectrpc/connect';
export { type ClientOptions, createProgressionClient, type ProgressionClient } from './client.js';
export { type ErrorDetails, type FieldViolation, hasReason, readErrorDetails } from './errors.js';
export { listAll } from './paging.js';
export { REASONS, type Reason } from './reasons.js';
export { newRequestId, withRequestId } from './request-id.js';
export { DEFAULT_RETRIES, type RetryPolicy } from './retries.js';
export { type WatchedEvent, type WatchOptions, watchEvents } from './watch-events.js';
