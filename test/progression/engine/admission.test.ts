/** Admission to the queue: by its length, the waiting times, and the recent service rate. */
import { describe, expect, test } from 'vitest';
import { createAdmission, type QueueLoad } from '../../../src/progression/engine/admission.ts';

const LIMITS = { queuedEvents: 2_000, queueWaitMs: 500, groupedEvents: 64, concurrentGroups: 3 };
const NOW_MS = 10_000;
/** Three rounds of three groups of 64. */
const ROUNDS_OF_GROUPS = 576;

const IDLE: QueueLoad = { waiting: 0, ready: 0, hasReadySince: () => false, aloneSinceMs: undefined };
const readySince = (sinceMs: number) => (beforeMs: number) => sinceMs < beforeMs;

interface Case {
  readonly why: string;
  readonly load: Partial<QueueLoad>;
  readonly timeoutMs?: number;
  readonly isValidateOnly?: boolean;
  readonly limit: string | undefined;
}

describe('a newcomer', () => {
  test.each<Case>([
    { why: 'of an idle queue', load: {}, limit: undefined },
    { why: 'when too many wait', load: { waiting: 2_000 }, limit: 'queuedEvents' },
    { why: 'when one less waits', load: { waiting: 1_999 }, limit: undefined },
    {
      why: 'when a command has been ready for half of its time',
      load: { ready: 1, hasReadySince: readySince(NOW_MS - 2_500) },
      limit: undefined,
    },
    {
      why: 'when a command has been ready for longer',
      load: { ready: 1, hasReadySince: readySince(NOW_MS - 2_501) },
      limit: 'queueWaitMs',
    },
    {
      why: 'that waits for longer',
      load: { ready: 1, hasReadySince: readySince(NOW_MS - 2_501) },
      timeoutMs: 30_000,
      limit: undefined,
    },
    {
      why: 'of a long queue whose first command has been ready for the limit',
      load: { ready: ROUNDS_OF_GROUPS, hasReadySince: readySince(NOW_MS - 500) },
      timeoutMs: 30_000,
      limit: undefined,
    },
    {
      why: 'of a long queue whose first command has been ready for longer',
      load: { ready: ROUNDS_OF_GROUPS, hasReadySince: readySince(NOW_MS - 501) },
      timeoutMs: 30_000,
      limit: 'queueWaitMs',
    },
    {
      why: 'of a queue that is long because of commands behind their athletes',
      load: { waiting: 1_000, ready: 1, hasReadySince: readySince(NOW_MS - 501) },
      timeoutMs: 30_000,
      limit: undefined,
    },
    {
      why: 'that only validates, when commands have waited for too long for transactions of their own',
      load: { aloneSinceMs: NOW_MS - 501 },
      isValidateOnly: true,
      limit: 'queueWaitMs',
    },
    {
      why: 'that needs no transaction of its own, when others have waited for too long for one',
      load: { aloneSinceMs: NOW_MS - 501 },
      limit: undefined,
    },
  ])('$why: $limit', ({ load, limit, timeoutMs = 5_000, isValidateOnly = false }) => {
    const newcomer = { timeoutMs, isValidateOnly };

    expect(createAdmission(LIMITS).exceededLimit({ ...IDLE, ...load }, newcomer, NOW_MS)).toBe(limit);
  });

  test('is refused when the commands ahead of it will take longer than half of its timeout at the service rate', () => {
    const admission = createAdmission(LIMITS);
    const limitOf = (ready: number) =>
      admission.exceededLimit({ ...IDLE, ready }, { timeoutMs: 1_000, isValidateOnly: false }, NOW_MS);
    expect(limitOf(100)).toBeUndefined();

    // 10 commands in 100 ms.
    admission.groupBegan(10, true, NOW_MS - 100);
    admission.groupBegan(10, true, NOW_MS);

    expect(limitOf(50)).toBeUndefined();
    expect(limitOf(51)).toBe('queueWaitMs');
  });

  test('is not refused for a time in which no command was ready', () => {
    const admission = createAdmission(LIMITS);
    admission.groupBegan(1, false, NOW_MS - 3_000);
    admission.groupBegan(1, false, NOW_MS);

    const newcomer = { timeoutMs: 1_000, isValidateOnly: false };
    expect(admission.exceededLimit({ ...IDLE, ready: 100 }, newcomer, NOW_MS)).toBeUndefined();
  });
});

test('a refusal names the limit and its value', () => {
  expect(createAdmission(LIMITS).refusalFor('queuedEvents')).toMatchObject({
    reason: 'OVERLOADED',
    metadata: { limit: 'queuedEvents', most: '2000' },
  });
});
