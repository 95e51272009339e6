/** Requests are admitted by their size, so that the heap holds those that are under way. */
import { create } from '@bufbuild/protobuf';
import { createContextValues, type Interceptor } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import {
  createRequestMemoryInterceptor,
  requestBytesKey,
  requestBytesOf,
} from '../../../src/server/admission/request-memory.ts';

const MIB = 1024 * 1024;
const { method } = UserService;

/** A call of this size that ends when `end` is called. */
function startCall(interceptor: Interceptor, bytes: number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const contextValues = createContextValues().set(requestBytesKey, bytes);
  const message = create(method.getUser.input, {});
  const next = async () => {
    await promise;
    return {} as never;
  };
  const call = interceptor(next)({ contextValues, message } as never).then(
    () => 'answered',
    (error: { reason: string }) => error.reason,
  );
  return { call, end: resolve };
}

describe('a request', () => {
  test('is refused while those under way leave no room for it, and admitted afterwards', async () => {
    const interceptor = createRequestMemoryInterceptor(100);
    const first = startCall(interceptor, 60);
    const second = startCall(interceptor, 40);
    expect(await startCall(interceptor, 1).call).toBe('RATE_LIMITED');

    first.end();

    expect(await first.call).toBe('answered');
    const third = startCall(interceptor, 60);
    second.end();
    third.end();
    expect(await Promise.all([second.call, third.call])).toEqual(['answered', 'answered']);
  });

  test('that is larger than all that may be under way is admitted alone', async () => {
    const interceptor = createRequestMemoryInterceptor(100);
    const large = startCall(interceptor, 1_000);
    expect(await startCall(interceptor, 1).call).toBe('RATE_LIMITED');

    large.end();

    expect(await large.call).toBe('answered');
  });
});

test.each([
  [96, 1.3],
  [256, 8],
  [2_048, 82.7],
])('with a heap of %d MiB requests under way may have %d MiB', (heapMib, mostMib) => {
  const most = requestBytesOf({ requestHeapPercent: 50 }, (heapMib + 192) * MIB);

  expect(most / MIB).toBeCloseTo(mostMib, 1);
});
