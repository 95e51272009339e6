/** The order of calls: limits per account and in total, and turns over accounts. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createCallQueue } from '../../../src/automation/actions/call-queue.ts';
import type { DueEnrollment } from '../../../src/automation/actions/due-enrollments.ts';

const LIMITS = {
  concurrentCallSteps: 3,
  concurrentCallStepsPerAccount: 2,
  waitingCallSteps: 6,
  waitingCallStepsPerAccount: 4,
};

/** A queue whose calls the test ends. */
function createTestQueue() {
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const errors: unknown[] = [];
  const makeCall = ({ id }: DueEnrollment) => {
    begun.push(id);
    return new Promise<void>((resolve, reject) => {
      ends.set(id, (error) => (error ? reject(error) : resolve()));
    });
  };
  const queue = createCallQueue(LIMITS, makeCall, (error) => errors.push(error));
  return {
    queue,
    begun,
    errors,
    /** Which of them are taken. Each call's account is the first letter of its id. */
    async offer(...ids: readonly string[]): Promise<string[]> {
      const taken = ids.filter((id) => queue.offer({ id, accountId: id.slice(0, 1) }));
      await nextTurn();
      return taken;
    },
    async end(id: string, error?: Error) {
      ends.get(id)?.(error);
      await nextTurn();
    },
  };
}

describe('the call queue', () => {
  test('limits the concurrent calls of an account, and of all accounts together', async () => {
    const { offer, begun, end } = createTestQueue();

    const ids = ['a1', 'a2', 'a3', 'b1', 'b2'];
    expect(await offer(...ids)).toEqual(ids);
    expect(begun).toEqual(['a1', 'a2', 'b1']);

    await end('b1');
    expect(begun).toEqual(['a1', 'a2', 'b1', 'b2']);
    await end('a1');
    expect(begun).toEqual(['a1', 'a2', 'b1', 'b2', 'a3']);
  });

  test('lets the accounts take turns', async () => {
    const { offer, begun, end } = createTestQueue();
    await offer('a1', 'a2', 'b1', 'a3', 'a4', 'b2', 'b3', 'c1');

    for (const id of ['a1', 'a2', 'b1', 'c1', 'a3', 'b2']) {
      await end(id);
    }

    expect(begun.slice(0, 3)).toEqual(['a1', 'a2', 'b1']);
    expect(begun.slice(3, 6).toSorted()).toEqual(['a3', 'b2', 'c1']);
  });

  test('limits the waiting calls, of an account and in total', async () => {
    const { offer, queue } = createTestQueue();
    const ids = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'b1', 'b2', 'b3', 'c1', 'd1'];
    const taken = await offer(...ids);

    // Two and one run; four of a and two others wait.
    expect(taken).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'b1', 'b2', 'b3']);
    expect(queue.enrollmentIds().toSorted()).toEqual(taken);
  });

  test('reports a failed call, and continues', async () => {
    const { offer, begun, end, errors, queue } = createTestQueue();
    await offer('a1', 'a2', 'a3');

    await end('a1', new Error('the database went away'));

    expect(errors).toMatchObject([{ message: 'the database went away' }]);
    expect(begun).toEqual(['a1', 'a2', 'a3']);
    expect(queue.enrollmentIds().toSorted()).toEqual(['a2', 'a3']);
  });

  test('settles when every call has ended, also the waiting ones', async () => {
    const { offer, end, queue } = createTestQueue();
    await offer('a1', 'a2', 'a3');
    let isSettled = false;
    const settled = queue.settled().then(() => {
      isSettled = true;
    });

    await end('a1');
    await end('a2');
    expect(isSettled).toBe(false);
    await end('a3');
    await settled;
    expect(queue.enrollmentIds()).toEqual([]);
  });

  test('drops the waiting calls when it is closed, and accepts none', async () => {
    const { offer, begun, end, errors, queue } = createTestQueue();
    await offer('a1', 'a2', 'a3', 'a4');

    queue.close();
    await end('a1');
    await end('a2');
    await queue.settled();

    expect(begun).toEqual(['a1', 'a2']);
    expect(queue.enrollmentIds()).toEqual([]);
    expect(errors).toEqual([]);
    expect(await offer('a5')).toEqual([]);
  });
});
