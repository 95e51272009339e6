/** The order of each athlete's commands: one at a time, and those that are over leave. */
import { describe, expect, test } from 'vitest';
import { createAthleteOrder, waitingCommandOf } from '../../../src/progression/engine/athlete-order.ts';
import { createReadyCommands } from '../../../src/progression/engine/ready-commands.ts';
import type { TriggerCommand } from '../../../src/progression/engine/trigger-command.ts';
import { commandOf } from '../../support/simulated-queue.ts';

/** An order, and the commands that are ready in it, by their request IDs. */
function createOrder() {
  const ready = createReadyCommands<ReturnType<typeof waitingCommandOf>>();
  const order = createAthleteOrder(ready);
  const submit = (requestId: string, userId: string, changes: Partial<TriggerCommand> = {}) => {
    const outcome = { resolve: () => {}, reject: () => {} };
    const command = commandOf({ requestId, userId, ...changes });
    const waiting = waitingCommandOf(command, 1, outcome);
    order.add(waiting);
    return waiting;
  };
  const listReady = () =>
    [...ready.accounts].flatMap((account) => account.ready.map(({ command }) => command.requestId));
  return { order, ready, submit, listReady };
}

describe('the commands of an athlete', () => {
  test('become ready one after the other', () => {
    const { order, submit, listReady } = createOrder();
    const first = submit('1', 'one');
    const second = submit('2', 'one');
    submit('3', 'other');
    expect(listReady()).toEqual(['1', '3']);

    order.begin([first]);
    expect(listReady()).toEqual(['3']);
    order.settle(first, 50);
    expect(listReady()).toEqual(['3', '2']);
    expect(second.readyAtMs).toBe(50);
    expect(order.waiting).toBe(2);
  });

  test('of two accounts with the same athlete id do not wait for each other', () => {
    const { submit, listReady } = createOrder();
    submit('1', 'one');
    submit('2', 'one', { accountId: 'other' });

    expect(listReady()).toEqual(['1', '2']);
  });

  test('that have ended are removed, and the next one becomes ready', () => {
    const { order, submit, listReady } = createOrder();
    const gone = { signal: AbortSignal.abort() };
    submit('1', 'one', gone);
    submit('2', 'one', gone);
    const third = submit('3', 'one');
    submit('4', 'one', gone);

    const removed = order.removeOver(50).map(({ command }) => command.requestId);
    expect(removed).toEqual(['1', '2', '4']);
    expect(listReady()).toEqual(['3']);
    expect(third.readyAtMs).toBe(50);
    expect(order.waiting).toBe(1);
  });

  test('that have ended are removed while an earlier one is in flight, which keeps the athlete busy', () => {
    const { order, submit, listReady } = createOrder();
    const first = submit('1', 'one');
    submit('2', 'one', { signal: AbortSignal.abort() });
    submit('3', 'one');
    order.begin([first]);

    expect(order.removeOver(50)).toHaveLength(1);
    expect(listReady()).toEqual([]);
    order.settle(first, 60);
    expect(listReady()).toEqual(['3']);
  });

  test('leave no entry after the last of them', () => {
    const { order, ready, submit } = createOrder();
    const first = submit('1', 'one');
    order.begin([first]);
    ready.end([first]);
    order.settle(first, 50);
    submit('2', 'one', { signal: AbortSignal.abort() });
    order.removeOver(60);

    expect(order.waiting).toBe(0);
    expect([...ready.accounts]).toEqual([]);
    const third = submit('3', 'one');
    expect(third.readyAtMs).toBe(1);
  });
});
