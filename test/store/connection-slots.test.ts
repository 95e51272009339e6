/** Slots for connections: turns over accounts, timeouts, the limit of waiters, and disconnected callers. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { v4 as uuidv4 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { DomainError } from '../../src/errors/domain-error.ts';
import { createConnectionSlots } from '../../src/store/connection-slots.ts';
import { useTestDatabase } from '../support/test-database.ts';

const CANCELLED = new DomainError('CANCELLED', 'the caller went away');
const LONG_MS = 60_000;
const ACCOUNT = 'account';

describe('connection slots', () => {
  test('are as many as the connections, and waiting accounts take turns', async () => {
    const slots = createConnectionSlots({ connections: 1, connectionWaitMs: LONG_MS });
    const entered: string[] = [];
    const releases: (() => void)[] = [];
    for (const name of ['a1', 'a2', 'a3', 'b1']) {
      void slots.acquire(name.slice(0, 1), {}).then((release) => {
        entered.push(name);
        releases.push(release);
      });
    }
    await nextTurn();
    expect([entered, slots.waiting()]).toEqual([['a1'], 3]);

    for (const expected of [['a2'], ['b1'], ['a3']]) {
      entered.length = 0;
      releases.shift()?.();
      await nextTurn();
      expect(entered).toEqual(expected);
    }
  });

  test('refuse a transaction at once when too many wait, except one with a wait limit of its own', async () => {
    const slots = createConnectionSlots({
      connections: 1,
      connectionWaitMs: LONG_MS,
      waitingTransactions: 1,
    });
    const release = await slots.acquire(ACCOUNT, {});
    const first = slots.acquire(ACCOUNT, {});

    await expect(slots.acquire(ACCOUNT, {})).rejects.toMatchObject({
      reason: 'OVERLOADED',
      metadata: { limit: 'waitingTransactions', most: '1' },
    });
    const longWait = slots.acquire(ACCOUNT, { connectionWaitMs: LONG_MS });
    release();
    (await first)();
    await longWait;
  });

  test('refuse a transaction that waited too long within 250 ms, and serve another one', async () => {
    const slots = createConnectionSlots({
      connections: 1,
      connectionWaitMs: LONG_MS,
      transactionWaitMs: 200,
    });
    const release = await slots.acquire(ACCOUNT, {});
    const beganAtMs = performance.now();

    await expect(slots.acquire(ACCOUNT, {})).rejects.toMatchObject({
      reason: 'OVERLOADED',
      metadata: { limit: 'transactionWaitMs', most: '200' },
    });
    expect(performance.now() - beganAtMs).toBeGreaterThanOrEqual(190);
    expect(slots.waiting()).toBe(0);
    release();
    await slots.acquire(ACCOUNT, {});
  });

  test('let an account that has nothing else under way wait, however many transactions of others do', async () => {
    const slots = createConnectionSlots({
      connections: 1,
      connectionWaitMs: LONG_MS,
      transactionWaitMs: 1,
      waitingTransactions: 1,
    });
    const release = await slots.acquire('large', {});
    const second = slots.acquire('large', {});
    const light = slots.acquire('light', {});

    await expect(second).rejects.toMatchObject({ metadata: { limit: 'transactionWaitMs' } });
    release();
    (await light)();
  });

  test('drop a caller that disconnects while it waits', async () => {
    const slots = createConnectionSlots({ connections: 1, connectionWaitMs: LONG_MS });
    const release = await slots.acquire(ACCOUNT, {});
    const caller = new AbortController();
    const waiting = slots.acquire(ACCOUNT, { signal: caller.signal });
    caller.abort(CANCELLED);

    await expect(waiting).rejects.toBe(CANCELLED);
    expect(slots.waiting()).toBe(0);
    release();
    await expect(slots.acquire(ACCOUNT, { signal: caller.signal })).rejects.toBe(CANCELLED);
    await slots.acquire(ACCOUNT, {});
  });
});

describe('a database with one connection', () => {
  const db = useTestDatabase({ connections: 1 });

  test('starts no transaction that is refused or whose caller disconnected', async () => {
    const narrow = db.open({ transactionWaitMs: 50 });
    const accountId = uuidv4();
    const started: string[] = [];
    const note = (name: string) => async () => void started.push(name);
    const caller = new AbortController();

    await narrow.transaction(accountId, async () => {
      const gone = narrow.transaction(accountId, note('gone'), { signal: caller.signal });
      caller.abort(CANCELLED);
      await expect(gone).rejects.toBe(CANCELLED);
      await expect(narrow.transaction(accountId, note('refused'))).rejects.toMatchObject({
        reason: 'OVERLOADED',
      });
      expect(narrow.poolUse()).toMatchObject({ used: 1, waiting: 0 });
    });

    await narrow.transaction(accountId, note('next'));
    expect(started).toEqual(['next']);
  });

  test('gives its slot back when a transaction fails', async () => {
    const narrow = db.open({ transactionWaitMs: 50 });
    const failure = new Error('on purpose');
    for (let failures = 0; failures < 3; failures += 1) {
      await expect(narrow.transaction(uuidv4(), () => Promise.reject(failure))).rejects.toBe(failure);
    }
    expect(await narrow.transaction(uuidv4(), async () => 'in')).toBe('in');
  });
});
