/** The queue under more load than it can take, in simulated time: what is answered, what is refused, and how soon. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../../src/config/config.ts';
import type { DomainError } from '../../../src/errors/domain-error.ts';
import { createTriggerQueue, type TriggerQueue } from '../../../src/progression/engine/trigger-queue.ts';
import type { UnitOfWork } from '../../../src/progression/engine/unit-of-work.ts';
import {
  commandOf,
  createSlowWork,
  DEADLINE_MS,
  EVENT_MS,
  pause,
  simulateTime,
  TRANSACTION_MS,
} from '../../support/simulated-queue.ts';

const { limits } = readConfig({});
/** In full groups. */
const CAPACITY_PER_SECOND =
  (limits.concurrentGroups * limits.groupedEvents * 1000) /
  (TRANSACTION_MS + EVENT_MS * limits.groupedEvents);

beforeEach(simulateTime);
afterEach(() => {
  vi.useRealTimers();
});

interface Outcome {
  readonly reason: string;
  readonly afterMs: number;
  readonly atMs: number;
}

/** Submits at a fixed rate, independent of earlier results, and returns the result of each submission. */
async function offer(queue: TriggerQueue, perSecond: number, forMs: number, command = commandOf) {
  const outcomes: Outcome[] = [];
  let submitted = 0;
  for (let elapsedMs = 0; elapsedMs < forMs; elapsedMs += 1) {
    for (; submitted < (perSecond * (elapsedMs + 1)) / 1000; submitted += 1) {
      const beganAtMs = performance.now();
      const note = (reason: string) => {
        const atMs = performance.now();
        outcomes.push({ reason, afterMs: atMs - beganAtMs, atMs });
      };
      queue.submit(command()).then(
        () => note('OK'),
        (error: DomainError) => note(error.reason),
      );
    }
    await vi.advanceTimersByTimeAsync(1);
  }
  return outcomes;
}

const countOf = (outcomes: readonly Outcome[], reason: string) =>
  outcomes.filter((outcome) => outcome.reason === reason).length;

test('events that arrive together are divided among the groups that can run, none above its limit', async () => {
  const groupsOf = async (events: number, changes: Partial<typeof limits>, accountIds = ['account']) => {
    const groups: number[] = [];
    const work = createSlowWork();
    const noting: UnitOfWork = {
      run(commands) {
        groups.push(commands.length);
        return work.run(commands);
      },
    };
    const queue = createTriggerQueue(noting, { ...limits, ...changes });
    const accountOf = (index: number) => ({ accountId: `${accountIds[index % accountIds.length]}` });
    const answered = Promise.all(
      Array.from({ length: events }, (_, index) => queue.submit(commandOf(accountOf(index)))),
    );
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    await answered;
    return groups;
  };

  expect(await groupsOf(30, { concurrentGroups: 3, groupedEvents: 64 })).toEqual([10, 10, 10]);
  expect(await groupsOf(10, { concurrentGroups: 3, groupedEvents: 64 })).toEqual([8, 2]);
  expect(await groupsOf(10, { concurrentGroups: 3, groupedEvents: 3 })).toEqual([3, 3, 3, 1]);
  expect(await groupsOf(1, { concurrentGroups: 3, groupedEvents: 64 })).toEqual([1]);
  expect(await groupsOf(4, { concurrentGroups: 3, groupedEvents: 64 }, ['one', 'other'])).toEqual([2, 2]);
});

test('a few events wait for a running group of their account, and not for one of another account', async () => {
  const begun: string[] = [];
  const work = createSlowWork(100);
  const queue = createTriggerQueue(
    {
      run(commands) {
        begun.push(`${commands[0]?.accountId}: ${commands.length}`);
        return work.run(commands);
      },
    },
    limits,
  );
  const submit = (accountId: string, events: number) => {
    for (let count = 0; count < events; count += 1) {
      void queue.submit(commandOf({ accountId }));
    }
    return vi.advanceTimersByTimeAsync(1);
  };

  await submit('busy', 1);
  await submit('busy', limits.furtherGroupEvents - 1);
  await submit('other', 1);
  expect(begun).toEqual(['busy: 1', 'other: 1']);

  await submit('busy', 1);
  expect(begun).toEqual(['busy: 1', 'other: 1', `busy: ${limits.furtherGroupEvents}`]);
});

test('beside large groups, the next group waits for its share of all waiting events', async () => {
  const begun: number[] = [];
  const answer = { response: new Uint8Array(), isReplayed: false };
  const isShort = () => begun.length === 3;
  const queue = createTriggerQueue(
    {
      async run(commands) {
        begun.push(commands.length);
        await pause(isShort() ? 1 : 1_000);
        return commands.map(() => ({ kind: 'ANSWERED' as const, answer }));
      },
    },
    { ...limits, concurrentGroups: 3, groupedEvents: 64 },
  );
  const submit = (events: number) => {
    for (let count = 0; count < events; count += 1) {
      void queue.submit(commandOf());
    }
    return vi.advanceTimersByTimeAsync(2);
  };

  await submit(60);
  await submit(19);
  expect(begun).toEqual([20, 20, 20]);

  await submit(1);
  expect(begun).toEqual([20, 20, 20, 20]);
});

test('an event does not wait long for the running group of its account', async () => {
  const work = createSlowWork(100);
  const queue = createTriggerQueue(work, limits);

  void queue.submit(commandOf());
  await vi.advanceTimersByTimeAsync(1);
  void queue.submit(commandOf());
  await vi.advanceTimersByTimeAsync(limits.furtherGroupMs - 1);
  expect(work.events).toBe(1);

  await vi.advanceTimersByTimeAsync(2);
  expect(work.events).toBe(2);
});

describe('under ten times its capacity the queue', () => {
  test('does as much work as without overload, answers it in time, and refuses the rest at once', async () => {
    const queue = createTriggerQueue(createSlowWork(), limits);
    const outcomes = await offer(queue, CAPACITY_PER_SECOND * 10, 4_000);
    const endedAtMs = performance.now();
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);

    const answered = outcomes.filter(({ reason }) => reason === 'OK');
    const refused = outcomes.filter(({ reason }) => reason === 'OVERLOADED');
    expect(answered.length + refused.length).toBe(outcomes.length);
    const goodput = answered.filter(({ atMs }) => atMs <= endedAtMs).length / 4;
    expect(goodput).toBeGreaterThan(CAPACITY_PER_SECOND * 0.9);
    expect(Math.max(...refused.map(({ afterMs }) => afterMs))).toBeLessThanOrEqual(250);
    expect(Math.max(...answered.map(({ afterMs }) => afterMs))).toBeLessThan(DEADLINE_MS / 2);
  });

  test('does as much work on a machine so slow that a few groups take seconds', async () => {
    const slowness = 10;
    const queue = createTriggerQueue(createSlowWork(slowness), limits);
    const outcomes = await offer(queue, (CAPACITY_PER_SECOND / slowness) * 10, 15_000);
    const endedAtMs = performance.now();
    await vi.advanceTimersByTimeAsync(DEADLINE_MS * 2);

    const inTime = outcomes.filter(({ reason, afterMs }) => reason === 'OK' && afterMs <= DEADLINE_MS);
    const goodput = inTime.filter(({ atMs }) => atMs <= endedAtMs).length / 15;
    expect(goodput).toBeGreaterThan((CAPACITY_PER_SECOND / slowness) * 0.7);
  });

  test('starts no event that it refuses', async () => {
    const work = createSlowWork();
    const outcomes = await offer(createTriggerQueue(work, limits), CAPACITY_PER_SECOND * 10, 2_000);
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);

    expect(countOf(outcomes, 'OVERLOADED')).toBeGreaterThan(0);
    expect(work.events).toBe(countOf(outcomes, 'OK'));
  });

  test('is back to normal within a second after the load', async () => {
    const queue = createTriggerQueue(createSlowWork(), limits);
    await offer(queue, CAPACITY_PER_SECOND * 10, 3_000);
    await vi.advanceTimersByTimeAsync(1_000);

    const outcomes = await offer(queue, CAPACITY_PER_SECOND / 2, 1_000);
    expect(countOf(outcomes, 'OVERLOADED')).toBe(0);
    expect(countOf(outcomes, 'OK')).toBeGreaterThan((CAPACITY_PER_SECOND / 2) * 0.8);
  });
});

describe('a command', () => {
  test('of an athlete with many others waits for them, and delays no other athlete', async () => {
    const queue = createTriggerQueue(createSlowWork(), limits);
    const copies = Array.from({ length: 64 }, () => queue.submit(commandOf({ userId: 'one' })));
    await vi.advanceTimersByTimeAsync(limits.queueWaitMs * 2);

    const other = queue.submit(commandOf());
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    await expect(other).resolves.toBeDefined();
    expect(await Promise.all(copies)).toHaveLength(64);
  });

  test('that only validates is refused when others of its kind have waited too long', async () => {
    const queue = createTriggerQueue(createSlowWork(), limits);
    const validating = () => commandOf({ isValidateOnly: true });
    const outcomes = await offer(queue, CAPACITY_PER_SECOND, 2_000, validating);

    expect(countOf(outcomes, 'OVERLOADED')).toBeGreaterThan(0);
    expect(countOf(outcomes, 'DEADLINE_EXCEEDED')).toBe(0);
    await expect(queue.submit(validating())).rejects.toMatchObject({ metadata: { limit: 'queueWaitMs' } });
  });

  test('is refused when too many wait, also when the wait would be short', async () => {
    const queue = createTriggerQueue(createSlowWork(), limits);
    const waiting = Array.from({ length: limits.queuedEvents }, () => queue.submit(commandOf()));

    await expect(queue.submit(commandOf())).rejects.toMatchObject({
      reason: 'OVERLOADED',
      metadata: { limit: 'queuedEvents', most: String(limits.queuedEvents) },
    });
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    expect(await Promise.all(waiting)).toHaveLength(limits.queuedEvents);
  });

  test('can be predicted to be admitted or refused, from its caller’s timeout', async () => {
    const slowness = 10;
    const queue = createTriggerQueue(createSlowWork(slowness), limits);
    expect(queue.exceededLimit(DEADLINE_MS)).toBeUndefined();
    await offer(queue, (CAPACITY_PER_SECOND / slowness) * 10, 5_000);

    for (const timeoutMs of [100, DEADLINE_MS]) {
      expect(queue.exceededLimit(timeoutMs)).toBe('queueWaitMs');
      const command = commandOf({ deadlineAtMs: performance.now() + timeoutMs });
      await expect(queue.submit(command)).rejects.toMatchObject({ metadata: { limit: 'queueWaitMs' } });
    }
    expect(queue.exceededLimit(limits.maximumDeadlineMs)).toBeUndefined();
    const withLongTimeout = queue.submit(
      commandOf({ deadlineAtMs: performance.now() + limits.maximumDeadlineMs }),
    );
    await vi.advanceTimersByTimeAsync(limits.maximumDeadlineMs);
    await expect(withLongTimeout).resolves.toBeDefined();
    expect(queue.exceededLimit(DEADLINE_MS)).toBeUndefined();
  });

  test('whose caller disconnects before its turn is never started', async () => {
    const work = createSlowWork();
    const queue = createTriggerQueue(work, limits);
    const caller = new AbortController();
    const first = queue.submit(commandOf({ userId: 'one' }));
    const second = queue.submit(commandOf({ userId: 'one', signal: caller.signal }));
    const refusal = expect(second).rejects.toMatchObject({ reason: 'CANCELLED' });
    caller.abort();
    await vi.advanceTimersByTimeAsync(1_000);

    await refusal;
    await first;
    expect(work.events).toBe(1);
  });
});
