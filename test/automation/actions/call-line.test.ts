/** Who is called when: so many at the same time, of one account and in all, and the accounts in turn. */
import { describe, expect, test } from 'vitest';
import { createCallLine } from '../../../src/automation/actions/call-line.ts';
import type { DueEnrollment } from '../../../src/automation/actions/due-enrollments.ts';

const LIMITS = {
  concurrentCallSteps: 3,
  concurrentCallStepsPerAccount: 2,
  waitingCallSteps: 6,
  waitingCallStepsPerAccount: 4,
};

/** A line whose calls end when the test says so. */
function createTestLine() {
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const errors: unknown[] = [];
  const makeCall = ({ id }: DueEnrollment) => {
    begun.push(id);
    return new Promise<void>((resolve, reject) => {
      ends.set(id, (error) => (error ? reject(error) : resolve()));
    });
  };
  const line = createCallLine(LIMITS, makeCall, (error) => errors.push(error));
  return {
    line,
    begun,
    errors,
    offer: (id: string) => line.offer({ id, accountId: id.slice(0, 1) }),
    async end(id: string, error?: Error) {
      ends.get(id)?.(error);
      await new Promise(setImmediate);
    },
  };
}

describe('a line', () => {
  test('lets an account have so many calls under way, and all together so many', async () => {
    const { offer, begun, end } = createTestLine();

    for (const id of ['a1', 'a2', 'a3', 'b1', 'b2']) {
      expect(offer(id)).toBe(true);
    }
    expect(begun).toEqual(['a1', 'a2', 'b1']);

    await end('b1');
    expect(begun).toEqual(['a1', 'a2', 'b1', 'b2']);
    await end('a1');
    expect(begun).toEqual(['a1', 'a2', 'b1', 'b2', 'a3']);
  });

  test('lets the accounts take turns', async () => {
    const { offer, begun, end } = createTestLine();
    for (const id of ['a1', 'a2', 'b1', 'a3', 'a4', 'b2', 'b3', 'c1']) {
      offer(id);
    }

    for (const id of ['a1', 'a2', 'b1', 'c1', 'a3', 'b2']) {
      await end(id);
    }

    expect(begun.slice(0, 3)).toEqual(['a1', 'a2', 'b1']);
    expect(begun.slice(3, 6).toSorted()).toEqual(['a3', 'b2', 'c1']);
  });

  test('takes only so many who wait, of an account and in all', () => {
    const { offer, line } = createTestLine();
    const taken = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'b1', 'b2', 'b3', 'c1', 'd1'].filter(offer);

    // Two and one are under way; four of a and two others wait.
    expect(taken).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'b1', 'b2', 'b3']);
    expect(line.enrollmentIds().toSorted()).toEqual(taken);
  });

  test('is told of a call that fails, and goes on', async () => {
    const { offer, begun, end, errors, line } = createTestLine();
    for (const id of ['a1', 'a2', 'a3']) {
      offer(id);
    }

    await end('a1', new Error('the database went away'));

    expect(errors).toMatchObject([{ message: 'the database went away' }]);
    expect(begun).toEqual(['a1', 'a2', 'a3']);
    expect(line.enrollmentIds().toSorted()).toEqual(['a2', 'a3']);
  });

  test('settles when every call has ended, also those that waited', async () => {
    const { offer, end, line } = createTestLine();
    for (const id of ['a1', 'a2', 'a3']) {
      offer(id);
    }
    let isSettled = false;
    const settled = line.settled().then(() => {
      isSettled = true;
    });

    await end('a1');
    await end('a2');
    expect(isSettled).toBe(false);
    await end('a3');
    await settled;
    expect(line.enrollmentIds()).toEqual([]);
  });

  test('forgets who waits when it is closed, and takes nobody', async () => {
    const { offer, begun, end, line } = createTestLine();
    for (const id of ['a1', 'a2', 'a3', 'a4']) {
      offer(id);
    }

    line.close();
    await end('a1');
    await end('a2');
    await line.settled();

    expect(begun).toEqual(['a1', 'a2']);
    expect(line.enrollmentIds()).toEqual([]);
    expect(offer('a5')).toBe(false);
  });
});
