/**
 * The queue keeps a retryable refusal in order: the later commands of its sequence are refused with the same error.
 */
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config/config.ts';
import { DomainError, type Reason } from '../../../src/errors/domain-error.ts';
import type { CommandSequence } from '../../../src/progression/engine/trigger-command.ts';
import { createTriggerQueue } from '../../../src/progression/engine/trigger-queue.ts';
import type { UnitOfWork } from '../../../src/progression/engine/unit-of-work.ts';
import { commandOf } from '../../support/simulated-queue.ts';

const { limits } = readConfig({});

/** Refuses the command with this request ID, and answers the others; returns the answered ones, in order. */
function createRefusingWork(requestId: string, reason: Reason) {
  const answered: (string | null)[] = [];
  return {
    answered,
    async run(commands) {
      return commands.map((command) => {
        if (command.requestId === requestId) {
          return { kind: 'REFUSED' as const, error: new DomainError(reason, 'refused') };
        }
        answered.push(command.requestId);
        const answer = { response: new Uint8Array(), isReplayed: false };
        return { kind: 'ANSWERED' as const, answer };
      });
    },
  } satisfies UnitOfWork & { answered: unknown };
}

/** Submits commands of one athlete at once, and gives how each ended. */
function submitAll(
  queue: ReturnType<typeof createTriggerQueue>,
  requestIds: readonly string[],
  sequence?: CommandSequence,
) {
  const outcomes = requestIds.map((requestId) =>
    queue.submit(commandOf({ requestId, userId: 'one', sequence })).then(
      () => 'OK',
      (error: DomainError) => error.reason,
    ),
  );
  return Promise.all(outcomes);
}

describe('after a refusal', () => {
  test('that may be retried, the later commands of the sequence are refused with the same reason, and the earlier ones are not', async () => {
    const work = createRefusingWork('2', 'CONCURRENT_UPDATE');
    const queue = createTriggerQueue(work, limits);
    const sequence = {};

    expect(await submitAll(queue, ['1', '2', '3', '4'], sequence)).toEqual([
      'OK',
      ...Array(3).fill('CONCURRENT_UPDATE'),
    ]);
    expect(await submitAll(queue, ['5'], sequence)).toEqual(['CONCURRENT_UPDATE']);
    expect(work.answered).toEqual(['1']);
  });

  test('that may be retried, commands without a sequence, or of another one, are executed', async () => {
    const work = createRefusingWork('2', 'CONCURRENT_UPDATE');
    const queue = createTriggerQueue(work, limits);

    const [batch, other, single] = await Promise.all([
      submitAll(queue, ['1', '2', '3'], {}),
      submitAll(queue, ['4'], {}),
      submitAll(queue, ['5']),
    ]);

    expect(batch).toEqual(['OK', 'CONCURRENT_UPDATE', 'CONCURRENT_UPDATE']);
    expect([other, single]).toEqual([['OK'], ['OK']]);
    expect(work.answered).toEqual(['1', '4', '5']);
  });

  test('that cannot be retried, the later commands are executed', async () => {
    const queue = createTriggerQueue(createRefusingWork('2', 'NOT_ENROLLED'), limits);

    expect(await submitAll(queue, ['1', '2', '3'], {})).toEqual(['OK', 'NOT_ENROLLED', 'OK']);
  });

  test('by admission control, the later commands are refused, although the queue has room', async () => {
    const work = createRefusingWork('none', 'INTERNAL');
    const queue = createTriggerQueue(work, { ...limits, queuedEvents: 1 });
    const sequence = {};

    const others = submitAll(queue, ['0']);
    expect(await submitAll(queue, ['1'], sequence)).toEqual(['OVERLOADED']);
    expect(await others).toEqual(['OK']);
    expect(await submitAll(queue, ['2'], sequence)).toEqual(['OVERLOADED']);
    expect(await submitAll(queue, ['1', '2'].slice(0, 1), {})).toEqual(['OK']);
    expect(work.answered).toEqual(['0', '1']);
  });
});
