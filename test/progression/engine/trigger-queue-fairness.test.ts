/** The queue between accounts, in simulated time: what one account has waiting delays another by a turn at most. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../../src/config/config.ts';
import type { DomainError } from '../../../src/errors/domain-error.ts';
import { createTriggerQueue, type TriggerQueue } from '../../../src/progression/engine/trigger-queue.ts';
import {
  commandOf,
  createSlowWork,
  EVENT_MS,
  keepInFlight,
  simulateTime,
  TRANSACTION_MS,
} from '../../support/simulated-queue.ts';

const { limits } = readConfig({});

beforeEach(simulateTime);
afterEach(() => {
  vi.useRealTimers();
});

/** A batch of a number of events of one athlete, as the service submits it; `onAnswer` runs when one is answered. */
async function sendBatchOfOneAthlete(queue: TriggerQueue, events: number, onAnswer: () => void) {
  const deadlineAtMs = performance.now() + limits.maximumDeadlineMs;
  const rest = Array.from({ length: events }, () => commandOf({ userId: 'one', deadlineAtMs })).values();
  const work = async () => {
    for (const command of rest) {
      await queue.submit(command);
      onAnswer();
    }
  };
  await Promise.all(Array.from({ length: limits.batchedEvents }, work));
}

describe('a batch of 500 sessions of one athlete', () => {
  const BATCH_MS = 500 * (TRANSACTION_MS + EVENT_MS);
  const callOfOther = () => commandOf({ accountId: 'other', deadlineAtMs: performance.now() + 1_000 });

  test('causes no refusal of another account’s call, whenever that comes', async () => {
    const queue = createTriggerQueue(createSlowWork(), limits);
    const calls: Promise<string>[] = [];
    const call = () => {
      const outcome = queue.submit(callOfOther()).then(
        () => 'OK',
        (error: DomainError) => `${error.reason} ${error.metadata.limit}`,
      );
      calls.push(outcome);
    };

    const batch = sendBatchOfOneAthlete(queue, 500, call);
    for (let elapsedMs = 0; elapsedMs < BATCH_MS; elapsedMs += 25) {
      call();
      await vi.advanceTimersByTimeAsync(25);
    }
    await vi.advanceTimersByTimeAsync(BATCH_MS);

    await batch;
    const outcomes = await Promise.all(calls);
    expect(outcomes).toHaveLength(500 + BATCH_MS / 25);
    expect(outcomes.filter((outcome) => outcome !== 'OK')).toEqual([]);
  });

  test('causes none while its next event waits for a group', async () => {
    const queue = createTriggerQueue(createSlowWork(), { ...limits, concurrentGroups: 1 });
    const batch = sendBatchOfOneAthlete(queue, 500, () => {});
    await vi.advanceTimersByTimeAsync(2_000);
    const outcomes = Promise.all(Array.from({ length: 8 }, () => queue.submit(callOfOther())));
    outcomes.catch(() => {});

    await vi.advanceTimersByTimeAsync(30);
    const late = queue.submit(callOfOther());
    late.catch(() => {});

    await vi.advanceTimersByTimeAsync(2 * BATCH_MS);
    await expect(outcomes).resolves.toHaveLength(8);
    await expect(late).resolves.toBeDefined();
    await batch;
  });

  test('does not count for the service rate', async () => {
    const queue = createTriggerQueue(createSlowWork(), limits);
    const batch = sendBatchOfOneAthlete(queue, 500, () => {});
    await vi.advanceTimersByTimeAsync(2_000);

    const burst = Promise.all(Array.from({ length: 64 }, () => queue.submit(callOfOther())));
    burst.catch(() => {});

    await vi.advanceTimersByTimeAsync(2 * BATCH_MS);
    await expect(burst).resolves.toHaveLength(64);
    await batch;
  });

  test('does not delay other events of its account once there are enough for a group', async () => {
    const work = createSlowWork(100);
    const queue = createTriggerQueue(work, limits);
    const batch = sendBatchOfOneAthlete(queue, 500, () => {});
    batch.catch(() => {});
    await vi.advanceTimersByTimeAsync(1);

    for (let count = 0; count < limits.furtherGroupEvents; count += 1) {
      void queue.submit(commandOf());
    }
    await vi.advanceTimersByTimeAsync(1);

    expect(work.groups.map((group) => group.length)).toEqual([1, limits.furtherGroupEvents]);
  });
});

describe('beside an account with 256 calls in flight', () => {
  const MEASURED_MS = 5_000;
  const middleOf = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

  async function measure(inFlight: Readonly<Record<string, number>>) {
    const queue = createTriggerQueue(createSlowWork(), limits);
    const accounts = Object.entries(inFlight).map(([accountId, callers]) => {
      return { accountId, ...keepInFlight(queue, accountId, callers, MEASURED_MS) };
    });
    await vi.advanceTimersByTimeAsync(2 * MEASURED_MS);
    await Promise.all(accounts.map(({ ended }) => ended));
    return Object.fromEntries(accounts.map(({ accountId, latenciesMs }) => [accountId, latenciesMs]));
  }

  test.each([1, 4, 16])(
    'an account with %i calls waits at most three times as long as alone',
    async (callers) => {
      const alone = await measure({ small: callers });
      const beside = await measure({ large: 256, small: callers });

      const [aloneMs, besideMs] = [middleOf(alone.small ?? []), middleOf(beside.small ?? [])];
      expect(aloneMs).toBeGreaterThan(0);
      expect(besideMs).toBeLessThanOrEqual(3 * aloneMs);
    },
  );

  test('other accounts of its size get as many groups', async () => {
    const work = createSlowWork();
    const queue = createTriggerQueue(work, limits);
    const accountIds = ['one', 'other', 'third'];
    const ended = accountIds.map((accountId) => keepInFlight(queue, accountId, 128, MEASURED_MS).ended);
    await vi.advanceTimersByTimeAsync(MEASURED_MS);

    const groupsOf = (id: string) => work.groups.filter(([first]) => first?.accountId === id).length;
    const counts = accountIds.map(groupsOf);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    await vi.advanceTimersByTimeAsync(MEASURED_MS);
    await Promise.all(ended);
  });

  test('all calls of the large account are answered', async () => {
    const { large = [], ...small } = await measure({ large: 256, one: 1, two: 1, three: 1 });

    expect(large.length).toBeGreaterThan(256);
    expect(Math.max(...large)).toBeLessThan(2_000);
    expect(Object.values(small).every((latencies) => latencies.length > 20)).toBe(true);
  });
});
