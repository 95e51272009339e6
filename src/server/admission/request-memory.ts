/**
 * Requests that are under way are admitted by their size: decoded messages, and what is made of them, stay on the heap until
 * the call is answered, also while the call waits.
 */
import { getHeapStatistics } from 'node:v8';
import { createContextKey, type Interceptor } from '@connectrpc/connect';
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';

/** Bytes of the request's message as received, after decompression. Set while the request is read. */
export const requestBytesKey = createContextKey(0, { description: 'the bytes of the request' });

/** Heap for each byte of a request: its objects, commands and rows. */
const HEAP_BYTES_PER_BYTE = 12;
/** What V8 adds to the size that --max-old-space-size gives, for young objects. */
const YOUNG_BYTES = 192 * 1024 * 1024;
/** The heap of a process without calls. */
const OWN_BYTES = 64 * 1024 * 1024;

/** The bytes that requests under way may have together: a share of the heap that the process itself leaves. */
export function requestBytesOf(
  { requestHeapPercent }: Pick<Limits, 'requestHeapPercent'>,
  heapBytes = getHeapStatistics().heap_size_limit,
): number {
  const leftBytes = Math.max(heapBytes - YOUNG_BYTES - OWN_BYTES, 0);
  return Math.floor((leftBytes * requestHeapPercent) / 100 / HEAP_BYTES_PER_BYTE);
}

/**
 * Throws RATE_LIMITED, quota `requestHeapPercent`, when the request would exceed `mostBytes` together with those under way.
 * A request alone is always admitted. Runs as soon as the message is decoded.
 */
export function createRequestMemoryInterceptor(mostBytes: number): Interceptor {
  let takenBytes = 0;
  return (next) => async (request) => {
    const bytes = request.contextValues.get(requestBytesKey);
    if (takenBytes > 0 && takenBytes + bytes > mostBytes) {
      throw new DomainError(
        'RATE_LIMITED',
        'the requests under way are too large together; try again later',
        {
          metadata: { quota: 'requestHeapPercent', mostBytes: String(mostBytes) },
        },
      );
    }
    takenBytes += bytes;
    try {
      return await next(request);
    } finally {
      takenBytes -= bytes;
    }
  };
}
