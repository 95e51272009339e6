/** Waiting for a connection: in order, not for long, not too many, and not for callers that went away. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { v4 as uuidv4 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DomainError } from '../../src/domain-error.ts';
import { createTransactionGate } from '../../src/store/transaction-gate.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const CANCELLED = new DomainError('CANCELLED', 'the caller went away');
const LONG_MS = 60_000;

describe('the gate', () => {
  test('lets in as many as there are places, then one for each that leaves, in order', async () => {
    const gate = createTransactionGate({ places: 2, waiters: 10, waitMs: LONG_MS });
    const entered: number[] = [];
    const entries = [1, 2, 3, 4, 5].map((each) => gate.enter().then(() => entered.push(each)));
    await nextTurn();
    expect([entered, gate.waiting()]).toEqual([[1, 2], 3]);

    gate.leave();
    await nextTurn();
    expect([entered, gate.waiting()]).toEqual([[1, 2, 3], 2]);

    gate.leave();
    gate.leave();
    await Promise.all(entries);
    expect([entered, gate.waiting()]).toEqual([[1, 2, 3, 4, 5], 0]);
  });

  test('refuses at once whoever would be one too many in line, except those with patience of their own', async () => {
    const gate = createTransactionGate({ places: 1, waiters: 1, waitMs: LONG_MS });
    await gate.enter();
    const first = gate.enter();

    await expect(gate.enter()).rejects.toMatchObject({
      reason: 'OVERLOADED',
      metadata: { limit: 'waitingTransactions', most: '1' },
    });
    const patient = gate.enter({ waitMs: LONG_MS });
    gate.leave();
    await first;
    gate.leave();
    await patient;
  });

  test('refuses whoever waited too long within 250 ms, and the place goes to somebody else', async () => {
    const gate = createTransactionGate({ places: 1, waiters: 10, waitMs: 200 });
    await gate.enter();
    const beganAtMs = performance.now();

    await expect(gate.enter()).rejects.toMatchObject({
      reason: 'OVERLOADED',
      metadata: { limit: 'transactionWaitMs' },
    });
    expect(performance.now() - beganAtMs).toBeGreaterThanOrEqual(190);
    expect(gate.waiting()).toBe(0);
    gate.leave();
    await gate.enter();
  });

  test('forgets whoever goes away while waiting, and does not let in who is gone already', async () => {
    const gate = createTransactionGate({ places: 1, waiters: 10, waitMs: LONG_MS });
    await gate.enter();
    const caller = new AbortController();
    const waiting = gate.enter({ signal: caller.signal });
    caller.abort(CANCELLED);

    await expect(waiting).rejects.toBe(CANCELLED);
    expect(gate.waiting()).toBe(0);
    gate.leave();
    await expect(gate.enter({ signal: caller.signal })).rejects.toBe(CANCELLED);
    await gate.enter();
  });
});

describe('a database with one connection', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createTestDatabase({ connections: 1 });
  });
  afterAll(() => db.close());

  test('starts nothing of a transaction that is refused or whose caller went away', async () => {
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

  test('gives its place back when a transaction fails', async () => {
    const narrow = db.open({ transactionWaitMs: 50 });
    const failure = new Error('on purpose');
    for (let failures = 0; failures < 3; failures += 1) {
      await expect(narrow.transaction(uuidv4(), () => Promise.reject(failure))).rejects.toBe(failure);
    }
    expect(await narrow.transaction(uuidv4(), async () => 'in')).toBe('in');
  });
});
